"""Raven (2026, the layer of that name in fla-core 0.6): gated slots; a token writes only those that a router picks.

    weight = the quarter of the slots with the largest sigmoid(router), these over their sum, else 0
    log a = -exp(A_log) softplus(gate + dt_bias) * weight, a slot,
    K_t = diag(a_t) K_{t-1} + (1 - a_t) k_t^T,   V_t = diag(a_t) V_{t-1} + (1 - a_t) v_t^T,
    o_t = silu(V_t^T softmax(K_t q_t))

q and k have RMS norms with gains and no scale; there are as many slots as key channels. Left out: the noise that
training may add to the router.
"""

import torch
import torch.nn.functional as F

from agent.kernels import channel_decay_between, rms_norm

LEARNED_INPUTS = {"gate": "head", "router": "key"}
LEARNED_PARAMETERS = {
    "A_log": (("head",), (0.0, 2.77)),
    "dt_bias": (("head",), (-6.91, -2.25)),
    "q_gain": (("key",), (1.0, 1.0)),
    "k_gain": (("key",), (1.0, 1.0)),
}


def delta_rule_chunkwise(
    q, k, v, beta, initial_state=None, chunk_size=32, *, gate, router, A_log, dt_bias, q_gain, k_gain
):
    batch, heads, length, key_dim = q.shape
    q, k = rms_norm(q) * q_gain[:, None, None], rms_norm(k) * k_gain[:, None, None]
    score = router.sigmoid()
    best = score.topk(key_dim // 4, dim=-1).indices
    chosen = torch.zeros_like(score).scatter(-1, best, 1.0) * score
    weight = chosen / (chosen.sum(-1, keepdim=True) + 1e-9)
    log_keep = (-A_log.exp().unsqueeze(-1) * F.softplus(gate + dt_bias.unsqueeze(-1))).unsqueeze(-1) * weight
    write = -log_keep.expm1()
    if initial_state is None:
        initial_state = q.new_zeros(batch, heads, key_dim, key_dim), q.new_zeros(batch, heads, key_dim, v.shape[-1])
    K, V = initial_state
    outputs = []
    for start in range(0, length, chunk_size):
        q_i, k_i, v_i, log_i, write_i = (x[:, :, start : start + chunk_size] for x in (q, k, v, log_keep, write))
        between, from_start = channel_decay_between(log_i)
        kept = between * write_i.unsqueeze(-3)
        own = ((q_i @ k_i.transpose(-1, -2)).unsqueeze(-1) * kept).sum(-2)
        share = (own + from_start * (q_i @ K.transpose(-1, -2))).softmax(dim=-1)
        outputs.append((kept @ share.unsqueeze(-1)).squeeze(-1) @ v_i + (share * from_start) @ V)
        end = kept[..., -1, :, :]
        whole = from_start[:, :, -1].unsqueeze(-1)
        K = whole * K + end.transpose(-1, -2) @ k_i
        V = whole * V + end.transpose(-1, -2) @ v_i
    return F.silu(torch.cat(outputs, dim=2)), (K, V)
