"""What a compiler sees of a step: nothing that a GPU adds up in no order or copies from the host, and few programs."""

from collections import Counter
from unittest import mock

import pytest
import torch
from sample_inputs import assert_same, load_baseline
from small_replicas import CPU, NARROW, compress, memorize, replica
from torch._dynamo.backends.common import aot_autograd

from agent.core.baselines import GATED, TEMPLATE
from agent.evaluator.tasks.task import Setting
from agent.evaluator.training import lookup
from agent.evaluator.training.recording import SIZES
from agent.evaluator.training.trainer import Training
from benchmarks import ways
from benchmarks.ways import compiled, op_compiled

# What is added up in memory by whichever comes first, and what is made anew in each step though it never changes.
IN_NO_ORDER = ("embedding_dense_backward", "index_put", "scatter_add", "scatter_reduce", "index_add", "bincount")
MADE_ANEW = ("sin", "cos")

pytestmark = pytest.mark.slow


@pytest.fixture
def programs():
    """The programs that are compiled, by a compiler that only keeps them; those of the other tests are forgotten."""
    kept, real = [], torch.compile

    def keep(program, inputs):
        kept.append(program)
        return program

    torch.compiler.reset()
    with mock.patch.object(torch, "compile", lambda f, **options: real(f, fullgraph=True, backend=keep, **options)):
        yield kept


@pytest.mark.parametrize("setting", [compress(), memorize()], ids=lambda setting: setting.task)
def test_the_graph_of_a_step_adds_nothing_up_in_memory_and_makes_no_constant_anew(monkeypatch, setting):
    """Compress has a decoder of its own; the other tasks have one network."""
    monkeypatch.setattr(lookup, "BY_PRODUCT", {"cpu"})
    graphs, real = [], torch.compile

    def keep(graph, inputs):
        graphs.append(graph)
        return graph

    torch.compiler.reset()
    training = Training([replica(setting), replica(setting, seed=1)], load_baseline(TEMPLATE), NARROW, CPU)
    training.stack.gradient(training.batches.take(0), training.batches.examples.asked)  # constants are made once
    with mock.patch.object(
        torch, "compile", lambda f, **o: real(f, fullgraph=True, backend=aot_autograd(fw_compiler=keep), **o)
    ):
        compiled(training)
        training.step()
    assert len(graphs) == 2  # forward and backward
    operators = Counter(node.target.__name__.split(".")[0] for graph in graphs for node in graph.graph.nodes
                        if node.op == "call_function")  # fmt: skip
    assert operators["bmm"] > 20
    assert not set(operators) & {*IN_NO_ORDER, *MADE_ANEW}


def test_nothing_is_compiled_anew_for_those_who_leave_and_begin(programs):
    """Of a stack that keeps to a few sizes; one that shrinks by one each time is compiled for each of them."""
    replicas = [replica(memorize(), seed=seed, steps=1 + seed % 5, validate_every=1) for seed in range(12)]
    for recorder, most in ((lambda take: (take(), lambda: None), 4), (None, 6)):
        torch.compiler.reset()
        programs.clear()
        training = Training(replicas, load_baseline(TEMPLATE), NARROW, CPU, at_once=6, recorder=recorder)
        compiled(training)
        seen = set()
        while training.live:
            training.step()
            seen.add(len(training.trainees))
            for trainee in training.validate():
                trainee.ending = "finished" if trainee.curve[-1].step == trainee.replica.steps else None
            training.dismiss()
        assert len(programs) == len(seen) <= most
        if recorder:
            assert seen - {6} <= set(SIZES)


@pytest.mark.parametrize("name", [TEMPLATE, GATED])
def test_an_op_is_compiled_once_for_all_lengths_and_trains_the_same(monkeypatch, programs, name):
    monkeypatch.setattr(ways, "PIECE", 1)
    variant, counts = load_baseline(name), []
    for length in (8, 16, 20):
        each = replica(Setting("Selective Copy", 8, length, 40, copies=2))
        training, plain = (Training([each], variant, NARROW, CPU) for _ in range(2))
        op_compiled(training)
        for one in (training, plain):
            one.step()
        assert_same(training.stack.rows, plain.stack.rows, 1e-4)
        counts.append(len(programs))
    assert counts == [2, 2, 2]  # without a state and with one, and nothing more for what is longer
