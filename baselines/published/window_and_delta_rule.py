"""A hybrid: softmax attention over the last 16 tokens beside a delta rule over all of them, mixed by a gate a token.

    o_t = m_t softmax over the window + (1 - m_t) S_t^T q_t,   m_t = sigmoid(mix_t)

Hybrids of this kind stack such layers (Samba, Ren et al. 2024, arXiv 2406.07522; Gated DeltaNet-H1, Yang et al. 2024,
arXiv 2412.06464); here both stand in one op. The window reaches back over chunks, so 15 keys and values are state.
"""

import torch
import torch.nn.functional as F

from agent.kernels import unit_lower_inverse

LEARNED_INPUTS = {"mix": "head"}
WINDOW = 16


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, mix):
    batch, heads, length, key_dim = q.shape
    raw_q, raw_k = q * key_dim**-0.5, k
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)
    if initial_state is None:
        initial_state = (
            q.new_zeros(batch, heads, key_dim, v.shape[-1]),
            q.new_zeros(batch, heads, WINDOW - 1, key_dim),
            q.new_zeros(batch, heads, WINDOW - 1, v.shape[-1]),
            q.new_zeros(batch, WINDOW - 1),
        )
    S, near_k, near_v, there = initial_state
    mix = mix.sigmoid().unsqueeze(-1)
    outputs = []
    for start in range(0, length, chunk_size):
        parts = (q, k, v, beta.unsqueeze(-1), raw_q, raw_k, mix)
        q_i, k_i, v_i, beta_i, raw_q_i, raw_k_i, mix_i = (x[:, :, start : start + chunk_size] for x in parts)
        size = q_i.shape[2]
        k_beta = k_i * beta_i
        T = unit_lower_inverse((k_beta @ k_i.transpose(-1, -2)).tril(-1))
        error = T @ (v_i * beta_i) - (T @ k_beta) @ S
        by_delta_rule = q_i @ S + (q_i @ k_i.transpose(-1, -2)).tril() @ error
        S = S + k_i.transpose(-1, -2) @ error

        near_k, near_v = torch.cat([near_k, raw_k_i], dim=2), torch.cat([near_v, v_i], dim=2)
        there = torch.cat([there, there.new_ones(batch, size)], dim=1)  # 0 where the sequence had not begun
        row = torch.arange(size, device=q.device).unsqueeze(-1) + WINDOW - 1
        column = torch.arange(WINDOW - 1 + size, device=q.device)
        seen = (column <= row) & (column > row - WINDOW) & (there > 0)[:, None, None, :]
        logits = raw_q_i @ near_k.transpose(-1, -2)
        by_window = logits.masked_fill(~seen, -torch.inf).softmax(dim=-1) @ near_v
        near_k, near_v, there = near_k[:, :, size:], near_v[:, :, size:], there[:, size:]
        outputs.append(mix_i * by_window + (1 - mix_i) * by_delta_rule)
    return torch.cat(outputs, dim=2), (S, near_k, near_v, there)
