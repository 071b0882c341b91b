"""How often a training makes the host wait for its GPU: never in a step, and at most three times in a validation."""

from dataclasses import replace

import pytest
import torch
from host_waits import host_waits
from pretended_card import pretended_card

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.protocols import SMOKE
from agent.evaluator.training.trainer import Training
from agent.evaluator.training.transfer import to_device

SETTINGS = {setting.task: setting for plan in SMOKE.plans for setting in plan.settings}


@pytest.mark.parametrize("task", ["Compress", "Fuzzy Recall", "Memorize"])
def test_a_step_does_not_wait_and_a_validation_hardly(task):
    plan = replace(SMOKE.plans[0], settings=(SETTINGS[task],), seeds=3, learning_rates=(2e-3,))
    protocol = replace(SMOKE, plans=(plan,))
    replicas = list(protocol.replicas())
    with pretended_card() as card:
        training = Training(replicas, load_variant(baseline_path(TEMPLATE)), protocol, card)
        with host_waits() as first:  # an epoch begins
            training.step()
        with host_waits() as second:
            training.step()
        training.taken = replicas[0].validate_every
        with host_waits() as validation:
            assert len(training.validate()) == 3
        training.trainees[1].ending = "solved"
        with host_waits() as dismissal:
            training.dismiss()
        with host_waits() as third:
            training.step()
    assert first == second == dismissal == third == {}
    assert sum(validation.values()) <= 3, validation


@pytest.mark.parametrize(
    "wait",
    [
        lambda x: x.sum().item(),
        lambda x: x.tolist(),
        lambda x: x[x > 0],
        lambda x: x[torch.tensor([0])],
        lambda x: x.cpu(),
        lambda x: x + torch.ones(3).to(x.device),
        lambda x: torch.tensor([1.0], device=x.device),
        lambda x: x.copy_(torch.ones(3)),
        lambda x: bool((x > 0).all()),
        lambda x: x.int().bincount(),
    ],
)
def test_what_waits_is_seen(wait):
    with pretended_card() as card:
        x = torch.ones(3, device=card)
        with host_waits() as seen:
            wait(x)
    assert sum(seen.values()) >= 1


def test_what_the_host_sends_lies_in_memory_that_a_gpu_can_fetch_it_from():
    asked = []

    class Made:
        def pin_memory(self):
            asked.append("pinned")
            return self

        def to(self, device, non_blocking):
            asked.append((device.type, non_blocking))

    to_device(Made(), torch.device("cuda"))
    to_device(Made(), torch.device("cpu"))
    assert asked == ["pinned", ("cuda", True), ("cpu", True)]
