"""What a seed scores belongs to an edition of the code.

If you change it on purpose, raise EDITION and write down here what the new edition gives. If you change it by mistake,
this test tells you.

Draws are compared number for number, losses to what the rounding of another CPU may change in twelve steps.
"""

import hashlib
from dataclasses import replace

import pytest
import torch

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.protocol import EDITION
from agent.evaluator.protocols import SMOKE
from agent.evaluator.tasks.draw import draw
from agent.evaluator.training.trainer import train

CPU = torch.device("cpu")
PLAN = replace(SMOKE.plans[0], seeds=1, epochs=6, validations=2)
SETTINGS = {setting.task: setting for plan in SMOKE.plans for setting in plan.settings}
GIVEN = {
    3: {
        "Compress": ("2e1ec6f6a969", 2.012525, 1.943177),
        "Context Recall": ("8248864a21f7", 1.577168, 1.434631),
        "Fuzzy Recall": ("fb055cb39c0c", 1.613786, 1.381169),
        "Memorize": ("a32ca5084a9e", 1.665977, 1.051785),
        "Noisy Recall": ("24c1081d75d7", 2.337519, 2.153208),
        "Selective Copy": ("237b225feb64", 1.842659, 1.741769),
        "Multi-Query Recall": ("2e1d923c93cb", 2.886471, 2.831107),
    },
}


def digest(setting):
    """Of the tokens of all splits."""
    tokens = hashlib.sha256()
    for split in ("train", "validation", "test"):
        examples = draw(setting, 40, split=split, seed=3, world=5, device=CPU)
        for part in (examples.inputs, examples.targets):
            tokens.update(part.contiguous().numpy().tobytes())
    return tokens.hexdigest()[:12]


@pytest.fixture(scope="module")
def template():
    return load_variant(baseline_path(TEMPLATE))


@pytest.mark.parametrize("task", SETTINGS)
def test_an_edition_gives_what_it_always_gave(task, template):
    assert EDITION in GIVEN, "write down what the new edition gives, and measure baselines/measured/ again"
    protocol = replace(SMOKE, plans=(replace(PLAN, settings=(SETTINGS[task],)),))
    (trainee,) = train(list(protocol.replicas()), template, protocol, CPU)
    tokens, *losses = GIVEN[EDITION][task]
    assert digest(SETTINGS[task]) == tokens
    assert [point.loss for point in trainee.curve] == pytest.approx(losses, rel=1e-4)
