"""RetNet (Sun et al. 2023, arXiv 2307.08621): linear attention with a fixed decay a head, and rotary positions.

    S_t = gamma S_{t-1} + k_t v_t^T,   o_t = S_t^T q_t,   gamma = 1 - 2^(-5 - head)

k is divided by sqrt(K), and q and k are turned by their place in the sequence, which is state. Left
out: the swish gate behind the norm.
"""

import math

import torch

from agent.kernels import decay_between


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    batch, heads, length, key_dim = q.shape
    if initial_state is None:
        initial_state = q.new_zeros(batch, heads, key_dim, v.shape[-1]), q.new_zeros(batch, 1, 1, 1)
    S, place = initial_state
    position = place + torch.arange(length, dtype=q.dtype, device=q.device).view(1, 1, -1, 1)
    q, k = rotate(q, position), rotate(k, position) * key_dim**-0.5
    log_gamma = [math.log1p(-(2.0 ** (-5 - head))) for head in range(heads)]
    log_decay = torch.tensor(log_gamma, dtype=q.dtype, device=q.device).view(heads, 1, 1)
    outputs = []
    for start in range(0, length, chunk_size):
        q_i, k_i, v_i = (x[:, :, start : start + chunk_size] for x in (q, k, v))
        between, from_start = decay_between(log_decay.expand(heads, q_i.shape[2], 1))
        outputs.append((between * (q_i @ k_i.transpose(-1, -2))) @ v_i + from_start * (q_i @ S))
        S = from_start[:, -1:] * S + (between[:, -1].unsqueeze(-1) * k_i).transpose(-1, -2) @ v_i
    return torch.cat(outputs, dim=2), (S, place + length)


def rotate(x, position):
    """Turn channel i and channel i + K/2 as a pair, by position * 10,000^(-2 i / K)."""
    half = x.shape[-1] // 2
    pair = torch.arange(half, dtype=x.dtype, device=x.device)
    angle = position * 10_000.0 ** (-2 * pair / x.shape[-1])
    cos, sin = angle.cos(), angle.sin()
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)
