"""Kimi Delta Attention (Kimi Linear 2025, arXiv 2510.26692): the gated delta rule with a decay a key channel.

    S_t = (I - beta_t k_t k_t^T) diag(a_t) S_{t-1} + beta_t k_t v_t^T,   o_t = S_t^T q_t
    log a_t = -exp(A_log) softplus(gate_t + dt_bias)

Left out: the low rank of the gate's projection, and the output gate behind the norm.
"""

import torch
import torch.nn.functional as F

from agent.kernels import channel_decay_between, split_into_chunks, unit_lower_inverse

LEARNED_INPUTS = {"gate": "key"}
LEARNED_PARAMETERS = {"A_log": (("head",), (0.0, 2.77)), "dt_bias": (("head", "key"), (-6.91, -2.25))}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, gate, A_log, dt_bias):
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)
    log_decay = -A_log.exp()[..., None, None] * F.softplus(gate + dt_bias.unsqueeze(-2))
    q, k, v, beta, log_decay = (split_into_chunks(x, chunk_size) for x in (q, k, v, beta.unsqueeze(-1), log_decay))
    between, from_start = channel_decay_between(log_decay)
    k_beta = k * beta
    overlap, within = ((between * k.unsqueeze(-3)) @ torch.stack((k_beta, q), dim=-1)).unbind(-1)
    T = unit_lower_inverse(overlap.tril(-1))
    u = T @ (v * beta)
    w = T @ (k_beta * from_start)
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
