"""Longhorn (Liu et al. 2024, arXiv 2407.14207): the step that solves online regression, an implicit delta rule.

    S_t = S_{t-1} + step_t k_t (v_t - S_{t-1}^T k_t)^T,   step_t = beta_t / (1 + beta_t |k_t|^2)

The exact step, before the paper's diagonal approximation, which a parallel scan needs and chunks do not. Keys
are not normalised.
"""

import torch

from agent.kernels import split_into_chunks, unit_lower_inverse


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    batch, heads, length, key_dim = q.shape
    beta = beta.unsqueeze(-1)
    step = beta / (1 + beta * k.square().sum(-1, keepdim=True))
    q, k, v, step = (split_into_chunks(x, chunk_size) for x in (q * key_dim**-0.5, k, v, step))
    k_step = k * step
    T = unit_lower_inverse((k_step @ k.transpose(-1, -2)).tril(-1))
    u = T @ (v * step)
    w = T @ k_step
    within = (q @ k.transpose(-1, -2)).tril()
    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    for q_i, k_i, u_i, w_i, within_i in zip(*(x.unbind(2) for x in (q, k, u, w, within)), strict=True):
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = S + k_i.transpose(-1, -2) @ error
    return torch.cat(outputs, dim=2)[:, :, :length], S
