"""Mamba-3, single input and output (2026, arXiv 2603.15569): a trapezoidal step, and a state that turns with the data.

    h_t = exp(A_t dt_t) (h_{t-1} + (1 - l_t) dt_t B_{t-1} x_{t-1}^T) + l_t dt_t B_t x_t^T,
    y_t = (C_t^T h_t + D x_t) * silu(z_t)
    dt = softplus(step + dt_bias),   A = -softplus(decay),   l = sigmoid(trapezoid)

B and C are RMS norms of k and q plus biases, the first half of their channels turned in pairs by the sum of
dt pi tanh(angle) so far. Left out: several inputs and outputs. The layer's short convolution, which Mamba-3 has not,
stays.
"""

import math

import torch
import torch.nn.functional as F

from agent.kernels import decay_between, rms_norm, split_into_chunks

LEARNED_INPUTS = {"step": "head", "decay": "head", "trapezoid": "head", "angle": "key", "z": "value"}
LEARNED_PARAMETERS = {
    "dt_bias": (("head",), (-6.91, -2.25)),
    "B_gain": (("key",), (1.0, 1.0)),
    "C_gain": (("key",), (1.0, 1.0)),
    "B_bias": (("head", "key"), (1.0, 1.0)),
    "C_bias": (("head", "key"), (1.0, 1.0)),
    "D": (("head",), (1.0, 1.0)),
}


def delta_rule_chunkwise(
    q, k, v, beta, initial_state=None, chunk_size=32,
    *, step, decay, trapezoid, angle, z, dt_bias, B_gain, C_gain, B_bias, C_bias, D,
):  # fmt: skip
    batch, heads, length, key_dim = q.shape
    pairs = key_dim // 4
    if initial_state is None:
        initial_state = (
            q.new_zeros(batch, heads, key_dim, v.shape[-1]),
            q.new_zeros(batch, heads, 1, key_dim),
            q.new_zeros(batch, heads, 1, v.shape[-1]),
            q.new_zeros(batch, heads, 1, pairs),
        )
    h, last_B, last_x, turned = initial_state
    dt = F.softplus(step + dt_bias.unsqueeze(-1)).unsqueeze(-1)
    log_decay = -F.softplus(decay).clamp_min(1e-4).unsqueeze(-1) * dt
    share = trapezoid.sigmoid().unsqueeze(-1)
    turned = turned + (math.pi * dt * angle[..., :pairs].tanh()).cumsum(dim=-2)
    C = turn(rms_norm(q) * C_gain[:, None, None] + C_bias.unsqueeze(-2), turned)
    B = turn(rms_norm(k) * B_gain[:, None, None] + B_bias.unsqueeze(-2), turned)
    # Each token writes its own pair, and with what is left of its step the pair before it.
    before_B, before_x = torch.cat([last_B, B], dim=2)[:, :, :-1], torch.cat([last_x, v], dim=2)[:, :, :-1]
    own, old = share * dt * v, (1 - share) * dt * log_decay.exp() * before_x
    last_B, last_x = B[:, :, -1:], v[:, :, -1:]

    parts = (C, B, before_B, own, old, log_decay)
    C, B, before_B, own, old, log_decay = (split_into_chunks(x, chunk_size) for x in parts)
    between, from_start = decay_between(log_decay)
    within = (between * (C @ B.transpose(-1, -2))) @ own + (between * (C @ before_B.transpose(-1, -2))) @ old
    C = C * from_start
    to_end = between[..., -1, :].unsqueeze(-1)
    new = (to_end * B).transpose(-1, -2) @ own + (to_end * before_B).transpose(-1, -2) @ old
    whole = from_start[..., -1:, :]
    outputs = []
    for C_i, within_i, new_i, whole_i in zip(*(x.unbind(2) for x in (C, within, new, whole)), strict=True):
        outputs.append(C_i @ h + within_i)
        h = whole_i * h + new_i
    y = torch.cat(outputs, dim=2)[:, :, :length] + D[..., None, None] * v
    return y * F.silu(z), (h, last_B, last_x, turned[:, :, -1:] % (2 * math.pi))


def turn(x, angle):
    """Turn the first channels of x, neighbours as pairs, by an angle each; the rest stays."""
    pairs = angle.shape[-1]
    even, odd, rest = x[..., : 2 * pairs : 2], x[..., 1 : 2 * pairs : 2], x[..., 2 * pairs :]
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2), rest], dim=-1)
