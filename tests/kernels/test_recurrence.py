"""The chunkwise ops compute what their token-by-token recurrences say, and the triangular inverse its derivative."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_inputs import ORDINARY, assert_same, load_baseline, load_template, sample, tokens

from agent.core.baselines import GATED, TEMPLATE
from agent.kernels import unit_lower_inverse

delta_net = load_baseline(TEMPLATE)
gated_delta_net = load_baseline(GATED)
delta_rule_recurrent = load_template("recurrence").delta_rule_recurrent

# Small enough to meet every case often: a chunk of one, a sequence inside one chunk, a last chunk filled up.
shapes = st.fixed_dictionaries(
    {
        "length": st.integers(1, 20),
        "batch": st.integers(1, 2),
        "heads": st.integers(1, 3),
        "key_dim": st.integers(1, 6),
        "value_dim": st.integers(1, 6),
        "seed": st.integers(0, 1000),
    }
)
chunk_sizes = st.integers(1, 9)
reproducible = settings(derandomize=True, deadline=None, max_examples=60)


def gated_delta_rule_recurrent(q, k, v, beta, gate, A_log, dt_bias, initial_state):
    """S_t = alpha_t (I - beta_t k_t k_t^T) S_{t-1} + beta_t k_t v_t^T, one head of one sequence at a time."""
    q, k = F.normalize(q, dim=-1) * q.shape[-1] ** -0.5, F.normalize(k, dim=-1)
    alpha = torch.exp(-A_log.exp()[..., None] * F.softplus(gate + dt_bias[..., None]))
    o, state = torch.zeros_like(v), initial_state.clone()
    for b in range(q.shape[0]):
        for h in range(q.shape[1]):
            for t in range(q.shape[2]):
                key, step = k[b, h, t], beta[b, h, t]
                forget = alpha[b, h, t] * (torch.eye(len(key), dtype=key.dtype) - step * torch.outer(key, key))
                state[b, h] = forget @ state[b, h] + step * torch.outer(key, v[b, h, t])
                o[b, h, t] = state[b, h].T @ q[b, h, t]
    return o, state


def random_memory(arguments):
    q, v = arguments["q"], arguments["v"]
    generator = torch.Generator().manual_seed(1)
    return torch.randn(*q.shape[:2], q.shape[-1], v.shape[-1], dtype=q.dtype, generator=generator)


@reproducible
@given(shapes, chunk_sizes)
def test_delta_rule_chunkwise_is_the_recurrence(shape, chunk_size):
    arguments = sample(ORDINARY, **shape)
    for memory in (None, random_memory(arguments)):
        expected = delta_rule_recurrent(**arguments, initial_state=memory)
        assert_same(delta_net.op(**arguments, initial_state=memory, chunk_size=chunk_size), expected, 1e-10)


@reproducible
@given(shapes, chunk_sizes, st.integers(1, 19))
def test_delta_rule_may_be_cut_anywhere(shape, chunk_size, cut):
    arguments = sample(ORDINARY, **shape)
    cut = min(cut, shape["length"])
    first, memory = delta_net.op(**tokens(arguments, ORDINARY, 0, cut), chunk_size=chunk_size)
    if cut < shape["length"]:
        rest = tokens(arguments, ORDINARY, cut, None)
        second, memory = delta_net.op(**rest, initial_state=memory, chunk_size=chunk_size)
        first = torch.cat((first, second), dim=2)
    assert_same((first, memory), delta_rule_recurrent(**arguments), 1e-10)


@reproducible
@given(shapes, chunk_sizes)
def test_gated_delta_rule_chunkwise_is_the_recurrence(shape, chunk_size):
    arguments = sample(gated_delta_net.declaration, **shape)
    memory = random_memory(arguments)
    expected = gated_delta_rule_recurrent(**arguments, initial_state=memory)
    assert_same(gated_delta_net.op(**arguments, initial_state=memory, chunk_size=chunk_size), expected, 1e-10)
    empty = torch.zeros_like(memory)
    expected = gated_delta_rule_recurrent(**arguments, initial_state=empty)
    assert_same(gated_delta_net.op(**arguments, chunk_size=chunk_size), expected, 1e-10)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_unit_lower_inverse_inverts_and_its_gradient_is_right(size):
    matrices = torch.randn(2, 3, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    strictly_lower = matrices.tril(-1)
    identity = torch.eye(size, dtype=torch.float64)
    assert_same(unit_lower_inverse(strictly_lower) @ (identity + strictly_lower), identity.expand_as(matrices), 1e-12)
    assert_same(unit_lower_inverse(matrices), unit_lower_inverse(strictly_lower), 0.0)
    assert torch.autograd.gradcheck(unit_lower_inverse, matrices.requires_grad_())
