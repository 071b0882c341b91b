"""Titans with a linear memory (Behrouz et al. 2024, arXiv 2501.00663): gradient descent with momentum and weight decay.

    S_t = eta_t S_{t-1} - theta_t grad_t,   M_t = (1 - alpha_t) M_{t-1} + S_t,   o_t = M_t^T q_t
    grad_t = k_t (k_t^T M_0 - v_t)^T, taken at the memory M_0 that the chunk began with; theta = rate beta

A chunk's steps add up, as none sees another, so the rate, a number a head, begins where 32 of them along one key with
momentum do not overshoot. With theta = beta the memory grows without bound at a thousand tokens before it is trained.

Left out: memories of more than one layer, persistent tokens and the attention beside it.
The output depends on the chunk size, as in the paper.
"""

import torch
import torch.nn.functional as F

from agent.kernels import decay_between

LEARNED_INPUTS = {"forget": "head", "momentum": "head"}
LEARNED_PARAMETERS = {
    "forget_bias": (("head",), (-5.0, -3.0)),
    "momentum_bias": (("head",), (-1.0, 1.0)),
    "log_rate": (("head",), (-4.6, -3.0)),
}


def delta_rule_chunkwise(
    q, k, v, beta, initial_state=None, chunk_size=32, *, forget, momentum, forget_bias, momentum_bias, log_rate
):
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q, dim=-1)
    k = F.normalize(k, dim=-1)
    rate = beta.unsqueeze(-1) * log_rate.exp()[..., None, None]
    log_keep = F.logsigmoid(-(forget + forget_bias.unsqueeze(-1))).unsqueeze(-1)
    log_momentum = F.logsigmoid(momentum + momentum_bias.unsqueeze(-1)).unsqueeze(-1)
    empty = q.new_zeros(batch, heads, key_dim, v.shape[-1])
    M, S = (empty, empty) if initial_state is None else initial_state
    outputs = []
    for start in range(0, length, chunk_size):
        parts = (q, k, v, rate, log_keep, log_momentum)
        q_i, k_i, v_i, rate_i, keep_i, momentum_i = (x[:, :, start : start + chunk_size] for x in parts)
        keep, kept_in_M = decay_between(keep_i)
        move, kept_in_S = decay_between(momentum_i)
        step = rate_i * (v_i - k_i @ M)
        # What M_t holds of S_0, and of each step: the decays of S, then those of M, over all places between.
        of_S = keep @ kept_in_S
        of_steps = keep @ move
        within = of_steps * (q_i @ k_i.transpose(-1, -2))
        outputs.append(kept_in_M * (q_i @ M) + of_S * (q_i @ S) + within @ step)
        into_M = k_i.transpose(-1, -2) @ (of_steps[:, :, -1].unsqueeze(-1) * step)
        into_S = k_i.transpose(-1, -2) @ (move[:, :, -1].unsqueeze(-1) * step)
        M = kept_in_M[:, :, -1:] * M + of_S[:, :, -1:] * S + into_M
        S = kept_in_S[:, :, -1:] * S + into_S
    return torch.cat(outputs, dim=2), (M, S)
