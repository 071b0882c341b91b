"""Random arguments for an op, and the ways the tests take them apart."""

import importlib.util

import torch

from agent.core.baselines import known_path
from agent.core.resources import TEMPLATES
from agent.evaluator.contract.variant import Declaration, load_variant

ORDINARY = Declaration(inputs={}, parameters={})
EACH_TOKEN = {"head": (), "key": ("key",), "value": ("value",)}


def load_baseline(name):
    return load_variant(known_path(name))


def load_template(name):
    """A module of templates/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, TEMPLATES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sample(declaration, length, batch=2, heads=2, key_dim=5, value_dim=3, seed=0, dtype=torch.float64):
    """Keyword arguments for one call: q, k, v, beta and whatever the variant declares."""
    generator = torch.Generator().manual_seed(seed)
    sizes = {"head": heads, "key": key_dim, "value": value_dim}

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

    arguments = {
        "q": normal(batch, heads, length, key_dim),
        "k": normal(batch, heads, length, key_dim),
        "v": normal(batch, heads, length, value_dim),
        "beta": normal(batch, heads, length).sigmoid(),
    }
    for name, kind in declaration.inputs.items():
        arguments[name] = normal(batch, heads, length, *(sizes[size] for size in EACH_TOKEN[kind]))
    for name, parameter in declaration.parameters.items():
        uniform = torch.rand(batch, *(sizes.get(size, size) for size in parameter.shape), generator=generator)
        arguments[name] = (parameter.low + (parameter.high - parameter.low) * uniform).to(dtype)
    return arguments


def tokens(arguments, declaration, start, stop):
    """The same call on the tokens from start to stop."""
    return {
        name: value if name in declaration.parameters else value[:, :, start:stop] for name, value in arguments.items()
    }


def state_tensors(state):
    return state if isinstance(state, tuple) else (state,)


def assert_same(one, other, tolerance):
    """Outputs and states, or two of either, agree to an absolute and relative tolerance."""
    torch.testing.assert_close(one, other, atol=tolerance, rtol=tolerance)
