"""Momentum DeltaNet (2026, arXiv 2605.05838): the delta rule corrects a momentum, which goes into the memory.

    P_t = mu_t P_{t-1} + eta_t k_t (v_t - alpha_t S_{t-1}^T k_t)^T,   S_t = alpha_t S_{t-1} + b_t P_t,   o_t = S_t^T q_t
    eta = 1 + tanh(rate),   theta = arctan(eta exp(log_factor)),   b = sin^2(theta) beta,
    alpha = cos^2(theta) exp(-exp(A_log) softplus(gate + dt_bias)),
    log mu = -exp(Mu_log) softplus(momentum + mu_bias), at least -2

q is q less exp(D_log) k before both are normalised. Within a chunk, what token s wrote stands in S_t with the weight
sum_{s <= r <= t} (alpha_{r+1} .. alpha_t) b_r (mu_{s+1} .. mu_r): a product of two triangular matrices.
"""

import torch
import torch.nn.functional as F

from agent.kernels import decay_between, split_into_chunks, unit_lower_inverse

LEARNED_INPUTS = {"gate": "head", "momentum": "head", "rate": "head"}
LEARNED_PARAMETERS = {
    "A_log": (("head",), (0.0, 2.77)),
    "dt_bias": (("head",), (-6.91, -2.25)),
    "Mu_log": (("head",), (0.0, 2.77)),
    "mu_bias": (("head",), (-6.91, -2.25)),
    "log_factor": (("head",), (-0.7, 1.4)),
    "D_log": (("head",), (-2.0, -0.1)),
}


def delta_rule_chunkwise(
    q, k, v, beta, initial_state=None, chunk_size=32,
    *, gate, momentum, rate, A_log, dt_bias, Mu_log, mu_bias, log_factor, D_log,
):  # fmt: skip
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q - D_log.exp()[..., None, None] * k, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)
    eta = 1 + rate.tanh()
    size = (eta * log_factor.exp().unsqueeze(-1)).square()  # tan^2 of the angle
    beta = beta * size / (1 + size)
    log_alpha = -A_log.exp().unsqueeze(-1) * F.softplus(gate + dt_bias.unsqueeze(-1)) - size.log1p()
    log_mu = (-Mu_log.exp().unsqueeze(-1) * F.softplus(momentum + mu_bias.unsqueeze(-1))).clamp_min(-2.0)
    scalars = (x.unsqueeze(-1) for x in (beta, eta, log_alpha, log_mu))
    q, k, v, beta, eta, log_alpha, log_mu = (split_into_chunks(x, chunk_size) for x in (q, k, v, *scalars))

    keep, from_start = decay_between(log_alpha)
    move, momentum_from_start = decay_between(log_mu)
    keep_beta = keep * beta.transpose(-1, -2)
    of_steps = keep_beta @ move
    of_momentum = keep_beta @ momentum_from_start
    # What token t looks up is the memory of the token before, already faded by its own alpha.
    fade = log_alpha.exp()
    steps_before = fade * F.pad(of_steps, (0, 0, 1, 0))[..., :-1, :]
    momentum_before = fade * F.pad(of_momentum, (0, 0, 1, 0))[..., :-1, :]
    T = unit_lower_inverse(eta * (steps_before * (k @ k.transpose(-1, -2))).tril(-1))
    k_eta = eta * k
    u = T @ (eta * v)
    w_memory = T @ (from_start * k_eta)
    w_momentum = T @ (momentum_before * k_eta)
    within = of_steps * (q @ k.transpose(-1, -2))
    to_memory = of_steps[..., -1, :].unsqueeze(-1) * k
    to_momentum = move[..., -1, :].unsqueeze(-1) * k
    ends = (x[..., -1:, :] for x in (from_start, of_momentum, momentum_from_start))

    if initial_state is None:
        initial_state = tuple(q.new_zeros(batch, heads, key_dim, v.shape[-1]) for _ in range(2))
    S, P = initial_state
    outputs = []
    parts = (from_start * q, of_momentum * q, u, w_memory, w_momentum, within, to_memory, to_momentum, *ends)
    by_chunk = zip(*(x.unbind(2) for x in parts), strict=True)
    for read_S, read_P, u_i, w_S, w_P, within_i, to_S, to_P, keep_S, P_in_S, keep_P in by_chunk:
        error = u_i - w_S @ S - w_P @ P
        outputs.append(read_S @ S + read_P @ P + within_i @ error)
        S = keep_S * S + P_in_S * P + to_S.transpose(-1, -2) @ error
        P = keep_P * P + to_P.transpose(-1, -2) @ error
    return torch.cat(outputs, dim=2)[:, :, :length], (S, P)
