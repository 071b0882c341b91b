"""Mamba-2 (Dao and Gu 2024, arXiv 2405.21060): one decay a head and token, a skip, and a gate before the norm.

    h_t = exp(A dt_t) h_{t-1} + dt_t B_t x_t^T,   y_t = C_t^T h_t + D x_t,   out_t = y_t * silu(z_t)

with B = k, C = q, x = v, all after convolution and SiLU as there; dt = softplus(raw + dt_bias), A = -exp(A_log).
Left out: sharing B and C over heads.
"""

import torch
import torch.nn.functional as F

from agent.kernels import decay_between, split_into_chunks

LEARNED_INPUTS = {"dt": "head", "z": "value"}
LEARNED_PARAMETERS = {
    "A_log": (("head",), (0.0, 2.77)),
    "dt_bias": (("head",), (-6.91, -2.25)),
    "D": (("head",), (1.0, 1.0)),
}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, dt, z, A_log, dt_bias, D):
    batch, heads, length, key_dim = q.shape
    step = F.softplus(dt + dt_bias.unsqueeze(-1))
    log_decay = (-A_log.exp().unsqueeze(-1) * step).unsqueeze(-1)
    skip = D[..., None, None] * v
    q, k, x, log_decay = (split_into_chunks(t, chunk_size) for t in (q, k, step.unsqueeze(-1) * v, log_decay))
    between, from_start = decay_between(log_decay)
    within = (between * (q @ k.transpose(-1, -2))) @ x
    q = q * from_start
    k = k * between[..., -1, :].unsqueeze(-1)
    whole = from_start[..., -1:, :]

    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    for q_i, k_i, x_i, within_i, whole_i in zip(*(t.unbind(2) for t in (q, k, x, within, whole)), strict=True):
        outputs.append(q_i @ S + within_i)
        S = whole_i * S + k_i.transpose(-1, -2) @ x_i
    y = torch.cat(outputs, dim=2)[:, :, :length] + skip
    return y * F.silu(z), S
