"""Every published mixer computes what its paper's recurrence says: in one piece, streamed, and with its gradients."""

import published_recurrences
import pytest
import torch
from sample_inputs import sample, tokens

from agent.core.baselines import published_paths
from agent.evaluator.contract.gate import check_code
from agent.evaluator.contract.variant import load_variant

PATHS = published_paths()
NAMES = sorted(PATHS)
EXACT = 1e-11
# Conjugate gradients stop after 20 steps, before the solution is exact to a double's precision.
TOLERANCE = {"mesa_net": 1e-5}


@pytest.fixture(params=NAMES)
def mixer(request):
    """Its name, its variant, and arguments whose parameters differ where they usually start equal."""
    variant = load_variant(PATHS[request.param])

    def arguments(length, chunk_size, seed):
        drawn = sample(variant.declaration, length, batch=2, heads=2, key_dim=16, value_dim=16, seed=seed)
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in variant.declaration.parameters.items():
            if parameter.low == parameter.high:
                drawn[name] = drawn[name] + 0.3 * torch.rand(drawn[name].shape, generator=generator).double()
        return drawn, {"chunk_size": chunk_size}

    return request.param, variant, arguments


def recurrence(name, arguments, chunk_size):
    return getattr(published_recurrences, name)(**arguments, chunk=chunk_size)


def far_apart(one, other):
    return float((one - other).abs().max() / other.abs().max().clamp_min(1e-12))


@pytest.mark.parametrize(("length", "chunk_size"), [(37, 8), (32, 16), (5, 8)])
def test_it_is_the_recurrence_of_its_paper(mixer, length, chunk_size):
    name, variant, draw = mixer
    arguments, chunks = draw(length, chunk_size, seed=length)
    outputs, _ = variant.op(**arguments, **chunks)
    assert far_apart(outputs, recurrence(name, arguments, chunk_size)) < TOLERANCE.get(name, EXACT)


def test_it_goes_on_from_its_state(mixer):
    name, variant, draw = mixer
    arguments, chunks = draw(37, 8, seed=1)
    # TTT and Titans take gradients at a chunk's beginning, so they are cut where a chunk ends.
    first, state = variant.op(**tokens(arguments, variant.declaration, 0, 16), **chunks)
    rest, _ = variant.op(**tokens(arguments, variant.declaration, 16, None), initial_state=state, **chunks)
    streamed = torch.cat([first, rest], dim=2)
    assert far_apart(streamed, recurrence(name, arguments, 8)) < TOLERANCE.get(name, EXACT)


def test_its_gradient_is_that_of_the_recurrence(mixer):
    name, variant, draw = mixer
    arguments, chunks = draw(11, 4, seed=2)
    names = list(arguments)
    for argument in names:
        arguments[argument].requires_grad_()
    outputs, _ = variant.op(**arguments, **chunks)
    along = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    mine = torch.autograd.grad(
        (outputs * along).sum(), list(arguments.values()), materialize_grads=True, allow_unused=True
    )
    expected = recurrence(name, arguments, 4)
    theirs = torch.autograd.grad(
        (expected * along).sum(), list(arguments.values()), materialize_grads=True, allow_unused=True
    )
    for argument, one, other in zip(names, mine, theirs, strict=True):
        assert float((one - other).abs().max()) < 1e2 * TOLERANCE.get(name, EXACT) * (1 + float(other.abs().max())), (
            argument
        )


def test_every_file_has_its_recurrence_and_passes_the_gate():
    for name in NAMES:
        assert hasattr(published_recurrences, name)
        check_code(PATHS[name])
