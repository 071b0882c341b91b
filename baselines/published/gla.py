"""Gated Linear Attention (Yang et al. 2023, arXiv 2312.06635): linear attention that fades by a decay a key channel.

    S_t = diag(a_t) S_{t-1} + k_t v_t^T,   o_t = S_t^T q_t / sqrt(K),   a_t = sigmoid(gate_t + bias)^(1/16)

Left out: the low rank of the gate's projection, and the swish output gate, which stands behind
the norm that the layer has after the op.
"""

import torch
import torch.nn.functional as F

from agent.kernels import channel_decay_between, split_into_chunks

LEARNED_INPUTS = {"gate": "key"}
LEARNED_PARAMETERS = {"gate_bias": (("head", "key"), (0.0, 0.0))}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, gate, gate_bias):
    batch, heads, length, key_dim = q.shape
    log_decay = F.logsigmoid(gate + gate_bias.unsqueeze(-2)) / 16
    q, k, v, log_decay = (split_into_chunks(x, chunk_size) for x in (q * key_dim**-0.5, k, v, log_decay))
    between, from_start = channel_decay_between(log_decay)
    within = (q.unsqueeze(-2) * between * k.unsqueeze(-3)).sum(-1) @ v
    q = q * from_start
    k = k * between[..., -1, :, :]
    whole = from_start[..., -1, :].unsqueeze(-1)

    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    for q_i, k_i, v_i, within_i, whole_i in zip(*(x.unbind(2) for x in (q, k, v, within, whole)), strict=True):
        outputs.append(q_i @ S + within_i)
        S = whole_i * S + k_i.transpose(-1, -2) @ v_i
    return torch.cat(outputs, dim=2)[:, :, :length], S
