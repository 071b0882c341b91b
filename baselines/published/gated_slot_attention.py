"""Gated Slot Attention (Zhang et al. 2024, arXiv 2409.07146): slots that gates write and a softmax reads.

    K_t = diag(a_t) K_{t-1} + (1 - a_t) k_t^T,   V_t = diag(a_t) V_{t-1} + (1 - a_t) v_t^T,
    o_t = V_t^T softmax(K_t q_t),   a_t = sigmoid(gate_t)^(1/8)

There are as many slots as key channels, since a learned input has no other width. Left out: the
swish on q, k and v that it has in place of the layer's SiLU.
"""

import torch
import torch.nn.functional as F

from agent.kernels import channel_decay_between

LEARNED_INPUTS = {"gate": "key"}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, gate):
    batch, heads, length, key_dim = q.shape
    q = q * key_dim**-0.5
    log_keep = F.logsigmoid(gate) / 8
    write = 1 - log_keep.exp()
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
        outputs.append((share.unsqueeze(-2) * kept).sum(-1) @ v_i + (share * from_start) @ V)
        end = kept[..., -1, :, :]
        whole = from_start[:, :, -1].unsqueeze(-1)
        K = whole * K + end.transpose(-1, -2) @ k_i
        V = whole * V + end.transpose(-1, -2) @ v_i
    return torch.cat(outputs, dim=2), (K, V)
