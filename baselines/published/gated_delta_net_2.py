"""Gated DeltaNet-2 (2026, arXiv 2605.22791): erasing and writing have gates of their own, one a channel.

    S_t = (I - k_t (b_t * k_t)^T) diag(a_t) S_{t-1} + k_t (w_t * v_t)^T,   o_t = S_t^T q_t
    b = sigmoid(erase),   w = sigmoid(write),   log a = -exp(A_log) softplus(gate + dt_bias)

With b = w = beta it is Kimi Delta Attention. Left out: the low ranks of its projections and its output gate.
"""

import torch
import torch.nn.functional as F

from agent.kernels import channel_decay_between, split_into_chunks, unit_lower_inverse

LEARNED_INPUTS = {"gate": "key", "erase": "key", "write": "value"}
LEARNED_PARAMETERS = {"A_log": (("head",), (0.0, 2.77)), "dt_bias": (("head", "key"), (-6.91, -2.25))}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, gate, erase, write, A_log, dt_bias):
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)
    log_decay = -A_log.exp()[..., None, None] * F.softplus(gate + dt_bias.unsqueeze(-2))
    parts = (q, k, erase.sigmoid() * k, write.sigmoid() * v, log_decay)
    q, k, look, v, log_decay = (split_into_chunks(x, chunk_size) for x in parts)
    between, from_start = channel_decay_between(log_decay)
    overlap, within = ((between * k.unsqueeze(-3)) @ torch.stack((look, q), dim=-1)).unbind(-1)
    T = unit_lower_inverse(overlap.tril(-1))
    u = T @ v
    w = T @ (look * from_start)
    q = q * from_start
    k = k * between[..., -1, :, :]
    whole = from_start[..., -1, :].unsqueeze(-1)

    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    for q_i, k_i, u_i, w_i, within_i, whole_i in zip(*(x.unbind(2) for x in (q, k, u, w, within, whole)), strict=True):
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = whole_i * S + k_i.transpose(-1, -2) @ error
    return torch.cat(outputs, dim=2)[:, :, :length], S
