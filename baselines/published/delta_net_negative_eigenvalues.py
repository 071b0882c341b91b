"""DeltaNet with eigenvalues down to -1 (Grazzi et al. 2024, arXiv 2411.12537): beta reaches from 0 to 2.

    S_t = (I - 2 beta_t k_t k_t^T) S_{t-1} + 2 beta_t k_t v_t^T,   o_t = S_t^T q_t

What is between 1 and 2 writes past the value, so the memory can count modulo two.
"""

import torch
import torch.nn.functional as F

from agent.kernels import split_into_chunks, unit_lower_inverse


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)
    q, k, v, beta = (split_into_chunks(x, chunk_size) for x in (q, k, v, 2 * beta.unsqueeze(-1)))
    k_beta = k * beta
    T = unit_lower_inverse((k_beta @ k.transpose(-1, -2)).tril(-1))
    u = T @ (v * beta)
    w = T @ k_beta
    within = (q @ k.transpose(-1, -2)).tril()
    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    for q_i, k_i, u_i, w_i, within_i in zip(*(x.unbind(2) for x in (q, k, u, w, within)), strict=True):
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = S + k_i.transpose(-1, -2) @ error
    return torch.cat(outputs, dim=2)[:, :, :length], S
