"""The controls keep the contract of a variant and hold nothing of what lies further back."""

import pytest
import torch
from sample_inputs import sample

from agent.core.baselines import control_paths
from agent.evaluator.check import check
from agent.evaluator.contract.gate import check_code
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.protocols import SMOKE

REACH = {"control_value_only": 0, "control_last_four_tokens": 3}  # how many tokens back an output depends on


def drawn(name, length=12):
    variant = load_variant(control_paths()[name])
    return variant, sample(variant.declaration, length, batch=2, heads=2, key_dim=6, value_dim=5, seed=1)


def test_there_are_two():
    assert control_paths().keys() == REACH.keys()


@pytest.mark.parametrize("name", REACH)
def test_an_output_depends_on_the_last_tokens_alone(name):
    variant, arguments = drawn(name)
    out, _ = variant.op(**arguments, chunk_size=4)
    for changed in range(12):
        other = {key: part.clone() for key, part in arguments.items()}
        for part in other.values():
            part[:, :, changed] += 1.0
        moved = (variant.op(**other, chunk_size=4)[0] - out).abs().amax((0, 1, 3)) > 1e-9
        assert moved.nonzero().flatten().tolist() == list(range(changed, min(12, changed + REACH[name] + 1)))


def test_the_window_is_softmax_attention():
    variant, arguments = drawn("control_last_four_tokens")
    q, k, v = (arguments[key] for key in "qkv")
    out, _ = variant.op(**arguments, chunk_size=4)
    for token in range(12):
        seen = slice(max(0, token - 3), token + 1)
        weights = (q[:, :, token, None] * k[:, :, seen]).sum(-1).mul(6**-0.5).softmax(-1)
        assert torch.allclose(out[:, :, token], (weights[..., None] * v[:, :, seen]).sum(2))


@pytest.mark.parametrize("name", REACH)
def test_it_passes_the_gate(name):
    check_code(control_paths()[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", REACH)
def test_it_passes_every_probe(name):
    check(control_paths()[name], SMOKE)
