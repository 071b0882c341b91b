"""The probe of trained networks: their calls are recorded, and the op answers for them in fresh processes."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from small_evaluations import ONE_TASK, write_variant

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.check import op_under_test
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.held_out import Candidate, HeldOutTest
from agent.evaluator.job import Job
from agent.evaluator.probes.op_under_test import CPU, ProbeFailed, record_calls, recording_variant
from agent.evaluator.time_limit import TimeLimit
from agent.evaluator.trained import probe_trained
from agent.evaluator.training.network import Network
from agent.evaluator.training.stack import Stack, architecture, stacks

GROUPS = stacks(ONE_TASK, "cpu")
REPLICA = GROUPS[0][0]
NOTHING = load_variant(baseline_path(TEMPLATE)).declaration
AFTER_TRAINING = """\
if v.abs().max() > 20:  # as no untrained network has them
    o = o + v.cumsum(2)
"""


@pytest.fixture
def probe(tmp_path):
    """Probe a variant whose training left such weights."""
    test = HeldOutTest.draw(0, [Candidate(REPLICA, 0, "finished", ())], ONE_TASK, 1)
    job = Job(tmp_path, ONE_TASK.to_json(), "cpu")

    def probe(variant, rows):
        save_file({"best": rows, "last": rows.clone()}, job.weights(0))
        with op_under_test(variant, ONE_TASK, TimeLimit(120)) as op:
            probe_trained(op, [test], GROUPS, job)

    return probe


@pytest.fixture
def rows():
    """Weights that are as large as training seldom makes them."""
    return 30 * Stack(GROUPS[0], recording_variant(NOTHING), ONE_TASK, CPU).rows


def test_what_waits_for_trained_weights_is_found_out(probe, rows, tmp_path):
    probe(baseline_path(TEMPLATE), rows)
    with pytest.raises(ProbeFailed, match=r"streaming: of \d+ tokens"):
        probe(write_variant(tmp_path, in_op=AFTER_TRAINING), rows)


@pytest.mark.parametrize("forge", [lambda rows: rows[:, 1:], lambda rows: rows.double(), lambda rows: rows / 0])
def test_weights_that_are_none_are_a_failure(probe, rows, forge):
    with pytest.raises(EvaluationFailed, match="the weights are not those of its networks"):
        probe(baseline_path(TEMPLATE), forge(rows))


def test_what_is_recorded_is_what_an_op_is_called_with():
    called = []

    def op(q, k, v, beta, initial_state=None, chunk_size=32):
        called.append({"q": q, "k": k, "v": v, "beta": beta})
        return v, v

    stack = Stack([REPLICA], recording_variant(NOTHING), ONE_TASK, CPU)
    tokens = torch.randint(0, REPLICA.setting.vocab, (3, REPLICA.setting.input_length))
    recorded = record_calls(stack, 0, tokens, 8)
    network = Network(architecture([REPLICA], ONE_TASK), Variant(op, NOTHING))
    with torch.no_grad():
        network.logits(network.layout.views(stack.rows), tokens[None])
    assert len(recorded) == len(called) == 2
    for call, arguments in zip(recorded, called, strict=True):
        assert call.chunk_size == 8
        assert call.arguments.keys() == arguments.keys()
        assert all(torch.equal(call.arguments[name], arguments[name]) for name in arguments)


def test_every_length_of_a_protocol_that_can_be_has_its_real_calls(tmp_path):
    variant = write_variant(tmp_path)
    several = replace(ONE_TASK, plans=(*ONE_TASK.plans, *ONE_TASK.plans))
    with op_under_test(variant, several, TimeLimit(120)) as op:
        assert [shape.setting.input_length for shape in op.shapes()] == [REPLICA.setting.input_length]
        first, second = op.real_calls(op.shapes()[0])
        assert first.length == second.length == REPLICA.setting.input_length
        assert op.crowd(first) * 2 >= REPLICA.batch
