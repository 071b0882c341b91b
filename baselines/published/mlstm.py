"""The mLSTM of xLSTM (Beck et al. 2024, arXiv 2405.04517): exponential gates, a normaliser, and a maximum
that keeps both finite.

    m_t = max(log f_t + m_{t-1}, i_t),   C_t = f' C_{t-1} + i' k_t v_t^T,   n_t = f' n_{t-1} + i' k_t,
    f' = exp(log f_t + m_{t-1} - m_t),   i' = exp(i_t - m_t),
    o_t = sigmoid(out_t) C_t^T q_t / max(|n_t . q_t|, exp(-m_t))

The maximum m is part of the state. Left out: the block around it with its own convolution and
skip.
"""

import torch
import torch.nn.functional as F

LEARNED_INPUTS = {"write": "head", "forget": "head", "out": "value"}
LEARNED_PARAMETERS = {"write_bias": (("head",), (-0.2, 0.2)), "forget_bias": (("head",), (3.0, 6.0))}


def delta_rule_chunkwise(
    q, k, v, beta, initial_state=None, chunk_size=32, *, write, forget, out, write_bias, forget_bias
):
    batch, heads, length, key_dim = q.shape
    k = k * key_dim**-0.5
    log_write = (write + write_bias.unsqueeze(-1)).unsqueeze(-1)
    log_keep = F.logsigmoid(forget + forget_bias.unsqueeze(-1)).unsqueeze(-1)
    if initial_state is None:
        initial_state = (
            q.new_zeros(batch, heads, key_dim, v.shape[-1]),
            q.new_zeros(batch, heads, key_dim, 1),
            q.new_zeros(batch, heads, 1, 1),
        )
    C, n, m = initial_state
    outputs = []
    for start in range(0, length, chunk_size):
        parts = (q, k, v, log_write, log_keep)
        q_i, k_i, v_i, write_i, keep_i = (x[:, :, start : start + chunk_size] for x in parts)
        size = q_i.shape[2]
        total = keep_i.cumsum(dim=-2)
        source = write_i - total
        largest = torch.maximum(source.cummax(dim=-2).values, m)
        future = torch.ones(size, size, dtype=torch.bool, device=q.device).triu(1)
        weight = (source.transpose(-1, -2) - largest).masked_fill(future, -torch.inf).exp()
        scores = weight * (q_i @ k_i.transpose(-1, -2))
        before = (m - largest).exp()
        above = scores @ v_i + before * (q_i @ C)
        below = scores.sum(-1, keepdim=True) + before * (q_i @ n)
        stabiliser = total + largest
        outputs.append(above / torch.maximum(below.abs(), (-stabiliser).exp()))
        end = weight[:, :, -1].unsqueeze(-1) * k_i
        C = before[:, :, -1:] * C + end.transpose(-1, -2) @ v_i
        n = before[:, :, -1:] * n + end.sum(-2).unsqueeze(-1)
        m = stabiliser[:, :, -1:]
    return torch.cat(outputs, dim=2) * out.sigmoid(), (C, n, m)
