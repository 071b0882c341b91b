"""Comba (Hu et al. 2025, arXiv 2506.02475): closed-loop control; what is read is corrected by the key.

    S_t = (alpha_t I - b beta_t k_t k_t^T) S_{t-1} + beta_t k_t v_t^T,   o_t = S_t^T (q_t - d k_t)

with b = sigmoid of a number a head, d another. The lookup precedes the decay, as in the paper and in the chunked form
of fla-core; fla-core's recurrent form looks up after it.
"""

import torch
import torch.nn.functional as F

from agent.kernels import decay_between, split_into_chunks, unit_lower_inverse

LEARNED_INPUTS = {"gate": "head"}
LEARNED_PARAMETERS = {
    "A_log": (("head",), (0.0, 2.77)),
    "dt_bias": (("head",), (-6.91, -2.25)),
    "b": (("head",), (1.0, 1.0)),
    "d": (("head",), (0.02, 0.02)),
}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, gate, A_log, dt_bias, b, d):
    batch, heads, length, key_dim = q.shape
    k = F.normalize(k, dim=-1)
    q = (F.normalize(q, dim=-1) - d[..., None, None] * k) * key_dim**-0.5
    log_decay = -A_log.exp().unsqueeze(-1) * F.softplus(gate + dt_bias.unsqueeze(-1))
    look = b.sigmoid()[..., None, None] * k
    parts = (q, k, look, v, beta.unsqueeze(-1), log_decay.unsqueeze(-1))
    q, k, look, v, beta, log_decay = (split_into_chunks(x, chunk_size) for x in parts)
    between, from_start = decay_between(log_decay)
    # What token t looks up has not faded by its own decay yet: row t of the token before it.
    between_before = F.pad(between, (0, 0, 1, 0))[..., :-1, :]
    from_start_before = F.pad(from_start, (0, 0, 1, 0), value=1.0)[..., :-1, :]
    look_beta = beta * look
    T = unit_lower_inverse((between_before * (look_beta @ k.transpose(-1, -2))).tril(-1))
    u = T @ (v * beta)
    w = T @ (from_start_before * look_beta)
    within = between * (q @ k.transpose(-1, -2))
    q = q * from_start
    k = k * between[..., -1, :].unsqueeze(-1)
    whole = from_start[..., -1:, :]
    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    for q_i, k_i, u_i, w_i, within_i, whole_i in zip(*(x.unbind(2) for x in (q, k, u, w, within, whole)), strict=True):
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = whole_i * S + k_i.transpose(-1, -2) @ error
    return torch.cat(outputs, dim=2)[:, :, :length], S
