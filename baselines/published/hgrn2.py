"""HGRN2 (Qin et al. 2024, arXiv 2404.07904): a gated linear RNN whose key is one minus its forget gate.

    f_t = low + (1 - low) sigmoid(forget_t),   S_t = diag(f_t) S_{t-1} + (1 - f_t) v_t^T,   o_t = S_t^T q_t

`low`, the least that is kept, is learned a channel; the paper's rises with the layer, which an op does
not know.
"""

import torch

from agent.kernels import channel_decay_between, split_into_chunks

LEARNED_INPUTS = {"forget": "key"}
LEARNED_PARAMETERS = {"low": (("head", "key"), (-1.0, 3.0))}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, forget, low):
    batch, heads, length, key_dim = q.shape
    low = low.sigmoid().unsqueeze(-2)
    keep = low + (1 - low) * forget.sigmoid()
    q, k, v, log_decay = (split_into_chunks(x, chunk_size) for x in (q, 1 - keep, v, keep.log()))
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
