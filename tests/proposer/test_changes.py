"""Each of the ten changes, and the next that their notes propose, does what its name says."""

import pytest
import torch
import torch.nn.functional as F
from sample_inputs import ORDINARY, assert_same, load_baseline, sample, state_tensors, tokens

from agent.core.baselines import BASELINES, TEMPLATE

LENGTH, CHUNK = 14, 4
ADAM = "adam_style_adaptive_state_update_after_output"
DECAY = "adaptive_exponential_decay_on_state_before_and_after_prediction_per_chunk"
LAYERNORM = "add_affine_free_layernorm_on_qk_before_l2norm"
MOMENTUM = "add_momentum_to_state_update_after_output"
ROPE = "add_rope_to_keys_and_queries_before_l2norm"
ROPE_SOFTMAX_TANH = "rope_softmax_intra_chunk_tanh_error"
GATE = "sigmoid_gate_on_state_update_per_chunk_using_mean_beta"
SOFTMAX_TANH = "softmax_intra_chunk_and_tanh_error_bounding"
SOFTMAX = "softmax_normalised_intra_chunk_causal_attention"
TANH = "tanh_on_error_before_state_update"
WRITE_GATED = "softmax_tanh_and_write_gated_by_beta"  # proposed, and not yet known

template = load_baseline(TEMPLATE).op


def changed(change):
    return load_baseline(f"{TEMPLATE}_{change}").op


def each_chunk(arguments):
    return [tokens(arguments, ORDINARY, start, start + CHUNK) for start in range(0, LENGTH, CHUNK)]


def turned(x, positions):
    """RoPE by complex numbers: the first and the second half of the channels are real and imaginary parts."""
    half = x.shape[-1] // 2
    angle = positions[:, None] * 10_000.0 ** (-torch.arange(half, dtype=x.dtype) / half)
    pairs = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat((pairs.real, pairs.imag), dim=-1)


def errors_of_one_chunk(k, v, beta):
    """Each token's correction, the memory being empty before the first: a (B, H, L, V) tensor, token by token."""
    k = F.normalize(k, dim=-1)
    errors = torch.zeros_like(v)
    for t in range(k.shape[2]):
        answer = k[:, :, t, None] @ k[:, :, :t].transpose(-1, -2) @ errors[:, :, :t]
        errors[:, :, t] = beta[:, :, t, None] * (v[:, :, t] - answer.squeeze(2))
    return errors


@pytest.mark.parametrize("name", BASELINES[1:-1])
def test_a_change_to_the_writing_shows_only_from_the_second_chunk_on(name):
    arguments = sample(ORDINARY, LENGTH)
    o, expected = load_baseline(name).op(**arguments, chunk_size=CHUNK)[0], template(**arguments, chunk_size=CHUNK)[0]
    writing_only = any(name.endswith(change) for change in (ADAM, DECAY, MOMENTUM, GATE, f"layer_{TANH}"))
    assert torch.allclose(o[:, :, :CHUNK], expected[:, :, :CHUNK]) == writing_only
    assert not torch.allclose(o[:, :, CHUNK:], expected[:, :, CHUNK:])


def test_adam_moves_the_memory_as_pytorchs_adam_moves_a_weight():
    arguments = sample(ORDINARY, LENGTH)
    arguments["v"] = 1000 * arguments["v"]  # so that it hardly matters where epsilon stands
    memory = torch.zeros(2, 2, 5, 3, dtype=torch.float64)
    optimiser = torch.optim.Adam([memory], lr=1.0)
    for chunk in each_chunk(arguments):
        memory.grad = memory - template(**chunk, initial_state=memory)[1]
        optimiser.step()
    _, state = changed(ADAM)(**arguments, chunk_size=CHUNK)
    assert_same(state[0], memory, 1e-6)


def test_momentum_moves_the_memory_by_the_running_mean_of_the_updates():
    arguments = sample(ORDINARY, LENGTH)
    memory = velocity = torch.zeros(2, 2, 5, 3, dtype=torch.float64)
    for chunk in each_chunk(arguments):
        velocity = 0.9 * velocity + 0.1 * (template(**chunk, initial_state=memory)[1] - memory)
        memory = memory + velocity
    assert_same(changed(MOMENTUM)(**arguments, chunk_size=CHUNK)[1], (memory, velocity), 1e-12)


def test_decay_acts_before_and_after_each_prediction():
    arguments = sample(ORDINARY, LENGTH)
    memory, decay, outputs = torch.zeros(2, 2, 5, 3, dtype=torch.float64), 1.0, []
    for chunk in each_chunk(arguments):
        memory = decay * memory
        o, written = template(**chunk, initial_state=memory)
        decay = torch.exp(-0.01 * chunk["beta"].mean(dim=-1))[..., None, None]
        memory = decay * memory + (written - memory)
        outputs.append(o)
    o, state = changed(DECAY)(**arguments, chunk_size=CHUNK)
    assert_same((o, state), (torch.cat(outputs, dim=2), (memory, decay)), 1e-12)


def test_gate_scales_each_chunks_update_by_the_sigmoid_of_its_mean_beta():
    arguments = sample(ORDINARY, LENGTH)
    memory = torch.zeros(2, 2, 5, 3, dtype=torch.float64)
    for chunk in each_chunk(arguments):
        gate = chunk["beta"].mean(dim=-1).sigmoid()[..., None, None]
        memory = memory + gate * (template(**chunk, initial_state=memory)[1] - memory)
    assert_same(changed(GATE)(**arguments, chunk_size=CHUNK)[1], memory, 1e-12)


def test_layernorm_takes_away_what_all_channels_share():
    arguments = sample(ORDINARY, LENGTH)
    shifted = arguments | {"q": arguments["q"] + 2, "k": arguments["k"] - 3}
    centred = arguments | {name: arguments[name] - arguments[name].mean(dim=-1, keepdim=True) for name in ("q", "k")}
    assert_same(changed(LAYERNORM)(**arguments), changed(LAYERNORM)(**shifted), 1e-4)
    assert_same(changed(LAYERNORM)(**arguments), template(**centred), 1e-4)  # but for LayerNorm's epsilon


def test_rope_turns_queries_and_keys_by_their_place_in_the_sequence():
    arguments = sample(ORDINARY, LENGTH, key_dim=6)
    o, state = changed(ROPE)(**arguments, chunk_size=CHUNK)
    turning = {name: turned(arguments[name], torch.arange(LENGTH)) for name in ("q", "k")}
    assert_same((o, state[0]), template(**arguments | turning, chunk_size=CHUNK), 1e-10)
    assert state[1].tolist() == [LENGTH, LENGTH]


def test_rope_measures_distances_only():
    arguments = sample(ORDINARY, LENGTH, key_dim=6)
    far_along = torch.zeros(2, 2, 6, 3, dtype=torch.float64), torch.tensor([0, 1000])
    o, _ = changed(ROPE)(**arguments, chunk_size=CHUNK)
    assert_same(changed(ROPE)(**arguments, initial_state=far_along, chunk_size=CHUNK)[0], o, 1e-10)


@pytest.mark.parametrize("change", [SOFTMAX, SOFTMAX_TANH, ROPE_SOFTMAX_TANH, WRITE_GATED])
def test_softmax_reads_a_chunk_by_scaled_dot_product_attention(change):
    arguments = sample(ORDINARY, LENGTH, key_dim=6)
    errors = errors_of_one_chunk(arguments["k"], arguments["v"], arguments["beta"])
    q, k = (F.normalize(arguments[name], dim=-1) for name in ("q", "k"))
    if change == ROPE_SOFTMAX_TANH:
        q, k = (turned(x, torch.arange(LENGTH)) for x in (q, k))
    expected = F.scaled_dot_product_attention(q, k, errors, is_causal=True)
    assert_same(changed(change)(**arguments, chunk_size=LENGTH)[0], expected, 1e-10)


@pytest.mark.parametrize("change", [TANH, SOFTMAX_TANH, ROPE_SOFTMAX_TANH, SOFTMAX])
def test_tanh_bounds_what_is_written(change):
    arguments = sample(ORDINARY, LENGTH)
    arguments["v"] = 10 * arguments["v"]
    errors = errors_of_one_chunk(arguments["k"], arguments["v"], arguments["beta"])
    written = errors if change == SOFTMAX else errors.tanh()
    expected = F.normalize(arguments["k"], dim=-1).transpose(-1, -2) @ written
    (state,) = state_tensors(changed(change)(**arguments, chunk_size=LENGTH)[1])
    assert_same(state, expected, 1e-10)


def test_a_write_gated_by_beta_weighs_what_is_written_and_not_what_is_read():
    arguments = sample(ORDINARY, LENGTH)
    arguments["v"] = 10 * arguments["v"]
    o, state = changed(WRITE_GATED)(**arguments, chunk_size=LENGTH)
    written = arguments["beta"].unsqueeze(-1) * errors_of_one_chunk(*(arguments[x] for x in ("k", "v", "beta"))).tanh()
    assert_same(state, F.normalize(arguments["k"], dim=-1).transpose(-1, -2) @ written, 1e-10)
    assert_same(o, changed(SOFTMAX_TANH)(**arguments, chunk_size=LENGTH)[0], 1e-12)
