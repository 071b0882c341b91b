"""When replicas are validated: as their protocol says on a CPU, more rarely on a GPU."""

from itertools import pairwise

import pytest
import torch
from sample_inputs import load_baseline
from small_replicas import CPU, NARROW, memorize, replica

from agent.core.baselines import TEMPLATE
from agent.evaluator.protocols import MAD
from agent.evaluator.training import validations
from agent.evaluator.training.trainer import train
from agent.evaluator.training.validations import is_due

CUDA = torch.device("cuda")


def steps_of(each, device):
    return [step for step in range(1, each.steps + 1) if is_due(each, step, MAD, device)]


def test_on_a_cpu_each_validation_of_the_protocol_is_made():
    for each in list(MAD.replicas())[:3]:
        assert steps_of(each, CPU) == [*range(each.validate_every, each.steps + 1, each.validate_every)]


def test_on_a_gpu_validations_are_rarer_the_later_and_the_dearer_and_cost_half_the_tokens():
    trained = validated = by_protocol = 0
    for each in MAD.replicas():
        steps = steps_of(each, CUDA)
        gaps = [later - sooner for sooner, later in pairwise([0, *steps])]
        assert steps[0] == each.validate_every
        assert steps[-1] == each.steps
        assert all(step % each.validate_every == 0 for step in steps)
        # The last is at the end, wherever that lies.
        assert gaps[:-1] == sorted(gaps[:-1])
        assert max(gaps) <= 0.15 * each.steps
        length = each.setting.input_length
        trained += each.tokens
        validated += len(steps) * MAD.validation_examples * length
        by_protocol += each.steps // each.validate_every * MAD.validation_examples * length
    assert by_protocol / trained > 0.11
    assert validated / trained < 0.055


def test_a_training_is_validated_when_it_is_due_and_at_its_end(monkeypatch):
    monkeypatch.setattr(validations, "FEWER", {"cpu"})
    each = replica(memorize(), steps=22, validate_every=2)
    (trainee,) = train([each], load_baseline(TEMPLATE), NARROW, CPU)
    steps = [step for step in range(1, 23) if is_due(each, step, NARROW, CPU)]
    assert [point.step for point in trainee.curve] == steps
    assert steps[-1] == 22
    assert len(steps) < 11


@pytest.mark.parametrize("every", [1, 4])
def test_each_validation_is_one_of_the_protocol(every):
    each = replica(memorize(), steps=21, validate_every=every)
    for step in range(1, 22):
        assert not is_due(each, step, NARROW, CUDA) or is_due(each, step, NARROW, CPU)
