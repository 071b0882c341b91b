"""Cyclic Flow Attention, CyFA (2026, arXiv 2609.36259): keys and values in a ring of slots that a learned clock turns.

A token is written at the place that its clock shows; what is d clock steps old is found around slot d. The ring is kept
by its Fourier coefficients, as many as slots, so that turning it is turning pairs of numbers:

    f_t = strength_t times the coefficients of a point at clock_t,
    K_t = g_t K_{t-1} + k_t f_t^T,   V_t = g_t V_{t-1} + f_t v_t^T,
    p = softmax over slots of  table turn(K_t^T q_t),   o_t = V_t^T turn back(table^T p)

Both memories fade by one number a token, so a chunk is two products, before and after the softmax. A constant and whole
pairs make an odd number of slots: 63 here.
"""

import math

import torch
import torch.nn.functional as F

from agent.kernels import decay_between, rms_norm

SLOTS = 63
LEARNED_INPUTS = {"gate": "head", "clock": "head", "weight": "head"}
LEARNED_PARAMETERS = {
    "A_log": (("head",), (0.0, 2.77)),
    "dt_bias": (("head",), (-6.91, -2.25)),
    "clock_bias": (("head",), (-0.1, 0.1)),
    "weight_bias": (("head",), (-0.1, 0.1)),
    "readout": (("head", 63, 63), (0.0, 0.0)),  # beside the identity
    "q_gain": (("key",), (1.0, 1.0)),
    "k_gain": (("key",), (1.0, 1.0)),
}


def delta_rule_chunkwise(
    q, k, v, beta, initial_state=None, chunk_size=32,
    *, gate, clock, weight, A_log, dt_bias, clock_bias, weight_bias, readout, q_gain, k_gain,
):  # fmt: skip
    batch, heads, length, key_dim = q.shape
    q = rms_norm(q) * q_gain[:, None, None] * key_dim**-0.5
    k = rms_norm(k) * k_gain[:, None, None]
    log_decay = (-A_log.exp().unsqueeze(-1) * F.softplus(gate + dt_bias.unsqueeze(-1))).unsqueeze(-1)
    if initial_state is None:
        initial_state = (
            q.new_zeros(batch, heads, key_dim, SLOTS),
            q.new_zeros(batch, heads, SLOTS, v.shape[-1]),
            q.new_zeros(batch, heads, 1, dtype=torch.float64),
        )
    K, V, start_time = initial_state
    # In float64, as the phase of a clock that has long run loses the digits that tell one token from the next.
    time = (start_time + (clock + clock_bias.unsqueeze(-1)).sigmoid().double().cumsum(dim=-1)) % SLOTS
    wave = torch.arange(1, (SLOTS + 1) // 2, dtype=q.dtype, device=q.device) * (2 * math.pi / SLOTS)
    angle = time.to(q.dtype).unsqueeze(-1) * wave
    cos, sin = angle.cos(), angle.sin()
    strength = (weight + weight_bias.unsqueeze(-1)).sigmoid().unsqueeze(-1)
    write = strength * SLOTS**-0.5 * torch.cat([torch.ones_like(strength), 2**0.5 * cos, -(2**0.5) * sin], dim=-1)
    basis = fourier_basis(wave)
    table = basis + readout @ basis

    outputs = []
    for start in range(0, length, chunk_size):
        parts = (q, k, v, write, cos, sin, log_decay)
        q_i, k_i, v_i, write_i, cos_i, sin_i, log_i = (x[:, :, start : start + chunk_size] for x in parts)
        between, from_start = decay_between(log_i)
        found = (between * (q_i @ k_i.transpose(-1, -2))) @ write_i + from_start * (q_i @ K)
        slots = (turn(found, cos_i, sin_i) @ table.transpose(-1, -2)).softmax(dim=-1)
        read = turn(slots @ table, cos_i, -sin_i)
        outputs.append((between * (read @ write_i.transpose(-1, -2))) @ v_i + from_start * (read @ V))
        to_end = between[..., -1, :].unsqueeze(-1)
        whole = from_start[:, :, -1:]
        K = whole * K + (to_end * k_i).transpose(-1, -2) @ write_i
        V = whole * V + (to_end * write_i).transpose(-1, -2) @ v_i
    return SLOTS * torch.cat(outputs, dim=2), (K, V, time[..., -1:])


def fourier_basis(wave):
    """(slots, coefficients), orthonormal: a constant, then the cosines and the sines of each wave."""
    slot = torch.arange(SLOTS, dtype=wave.dtype, device=wave.device).unsqueeze(-1) * wave
    return torch.cat([torch.ones_like(slot[:, :1]), 2**0.5 * slot.cos(), 2**0.5 * slot.sin()], dim=-1) * SLOTS**-0.5


def turn(x, cos, sin):
    """Turn each wave's pair of coefficients by its angle; the constant stays."""
    constant, first, second = x.split([1, cos.shape[-1], cos.shape[-1]], dim=-1)
    return torch.cat([constant, cos * first - sin * second, sin * first + cos * second], dim=-1)
