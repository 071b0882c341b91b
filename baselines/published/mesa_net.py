"""MesaNet (von Oswald et al. 2025, arXiv 2506.05233): every token solves a ridge regression on the past.

    H_t = gamma_t H_{t-1} + beta_t k_t k_t^T,   G_t = gamma_t G_{t-1} + beta_t k_t v_t^T,
    o_t = G_t^T (H_t + diag(ridge))^-1 q_t

The inverse is found by 20 steps of conjugate gradients, for all tokens at once. Left out: the bound of
gamma by beta, and fewer steps where the regression is solved early.
"""

import torch
import torch.nn.functional as F

from agent.kernels import decay_between, split_into_chunks

LEARNED_INPUTS = {"gate": "head"}
LEARNED_PARAMETERS = {"ridge": (("head", "key"), (0.11, 0.11)), "gate_bias": (("head",), (3.0, 5.0))}
LEAST_RIDGE = 0.25
STEPS = 20
SOLVED = 1e-12  # squared residual


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, gate, ridge, gate_bias):
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q, dim=-1)
    k = F.normalize(k, dim=-1)
    ridge = (F.softplus(ridge) + LEAST_RIDGE)[:, :, None, None]
    log_decay = F.logsigmoid(gate + gate_bias.unsqueeze(-1))
    parts = (q, k, v, beta.unsqueeze(-1), log_decay.unsqueeze(-1))
    q, k, v, beta, log_decay = (split_into_chunks(x, chunk_size) for x in parts)
    between, from_start = decay_between(log_decay)
    k_beta = k * beta
    k_end = k_beta * between[..., -1, :].unsqueeze(-1)
    whole = from_start[..., -1:, :]

    if initial_state is None:
        initial_state = q.new_zeros(batch, heads, key_dim, key_dim), q.new_zeros(batch, heads, key_dim, v.shape[-1])
    H, G = initial_state
    H_before, G_before = [], []
    for k_i, end_i, v_i, whole_i in zip(*(x.unbind(2) for x in (k, k_end, v, whole)), strict=True):
        H_before.append(H)
        G_before.append(G)
        H = whole_i * H + end_i.transpose(-1, -2) @ k_i
        G = whole_i * G + end_i.transpose(-1, -2) @ v_i
    H_0, G_0 = torch.stack(H_before, dim=2), torch.stack(G_before, dim=2)

    def regularised(x):
        """(H_t + diag(ridge)) x_t for every token t."""
        return from_start * (x @ H_0) + (between * (x @ k.transpose(-1, -2))) @ k_beta + ridge * x

    x = conjugate_gradients(regularised, q)
    o = from_start * (x @ G_0) + (between * (x @ k.transpose(-1, -2))) @ (beta * v)
    return o.flatten(2, 3)[:, :, :length], (H, G)


def conjugate_gradients(times, right):
    """x with times(x) = right in the last dimension, for a symmetric positive definite map."""
    x, rest, direction = torch.zeros_like(right), right, right
    size = rest.square().sum(-1, keepdim=True)
    for _ in range(STEPS):
        ahead = times(direction)
        moving = size > SOLVED
        curvature = torch.where(moving, (direction * ahead).sum(-1, keepdim=True), 1.0)
        step = torch.where(moving, size, 0.0) / curvature
        x = x + step * direction
        rest = rest - step * ahead
        new_size = rest.square().sum(-1, keepdim=True)
        direction = rest + torch.where(moving, new_size, 0.0) / torch.where(moving, size, 1.0) * direction
        size = new_size
    return x
