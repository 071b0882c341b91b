"""Mamba's S6 (Gu and Dao 2023, arXiv 2312.00752), token by token: 16 states a value channel, each with its own decay.

    h_t = exp(dt_t A) h_{t-1} + dt_t x_t B_t^T,   y_t = h_t C_t + D x_t,   out_t = y_t * silu(z_t)

A (V, 16) is diagonal, x = v, B and C are the first 16 channels of k and q. The step dt has a full projection
where Mamba's has a low rank. The layer's norm and heads, which Mamba has not, stay.
"""

import torch
import torch.nn.functional as F

LEARNED_INPUTS = {"dt": "value", "z": "value"}
LEARNED_PARAMETERS = {
    "A_log": (("head", "value", 16), (0.0, 2.77)),
    "dt_bias": (("head", "value"), (-6.91, -2.25)),
    "D": (("head", "value"), (1.0, 1.0)),
}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, dt, z, A_log, dt_bias, D):
    states = A_log.shape[-1]
    B, C = k[..., :states], q[..., :states]
    dt = F.softplus(dt + dt_bias.unsqueeze(-2))
    A = -A_log.exp()
    h = v.new_zeros(*v.shape[:2], v.shape[-1], states) if initial_state is None else initial_state
    outputs = []
    for dt_t, x_t, B_t, C_t in zip(*(x.unbind(2) for x in (dt, v, B, C)), strict=True):
        h = (dt_t.unsqueeze(-1) * A).exp() * h + (dt_t * x_t).unsqueeze(-1) * B_t.unsqueeze(-2)
        outputs.append((h @ C_t.unsqueeze(-1)).squeeze(-1))
    y = torch.stack(outputs, dim=2) + D.unsqueeze(-2) * v
    return y * F.silu(z), h
