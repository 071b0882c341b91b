"""Preconditioned KDA (2026, arXiv 2604.21100): a running sum of squared keys scales the key that KDA writes.

    A_t = c_t A_{t-1} + d_t k_t^2,   r = log(A_t + 1e-6) - centre,   kt = k_t * 1.5^(-r / (1 + |r|)),
    S_t = (I - beta_t kt k_t^T) diag(a_t) S_{t-1} + beta_t kt v_t^T,   o_t = S_t^T q_t

The decay's bias starts as KDA's does. From zero, as in fla-core's layer, the op forgets at once and learns little.
Left out: the low rank of the gate's projection, and the output gate.
"""

import math

import torch
import torch.nn.functional as F

from agent.kernels import channel_decay_between, decay_between, split_into_chunks, unit_lower_inverse

LEARNED_INPUTS = {"gate": "key", "slow": "head", "weight": "head"}
LEARNED_PARAMETERS = {
    "A_log": (("head",), (0.0, 2.77)),
    "dt_bias": (("head", "key"), (-6.91, -2.25)),
    "slow_log": (("head",), (0.0, 2.77)),
    "slow_bias": (("head",), (-6.91, -2.25)),
    "centre": (("head",), (-0.2, -0.2)),
}


def delta_rule_chunkwise(
    q, k, v, beta, initial_state=None, chunk_size=32, *, gate, slow, weight, A_log, dt_bias, slow_log, slow_bias, centre
):
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)
    log_decay = -A_log.exp()[..., None, None] * F.softplus(gate + dt_bias.unsqueeze(-2))
    log_slow = -slow_log.exp().unsqueeze(-1) * F.softplus(slow + slow_bias.unsqueeze(-1))
    scalars = (x.unsqueeze(-1) for x in (beta, weight.sigmoid(), log_slow))
    parts = (q, k, v, log_decay, *scalars)
    q, k, v, log_decay, beta, weight, log_slow = (split_into_chunks(x, chunk_size) for x in parts)
    if initial_state is None:
        initial_state = q.new_zeros(batch, heads, key_dim, v.shape[-1]), q.new_zeros(batch, heads, 1, key_dim)
    S, A = initial_state
    written, A = preconditioned(k, weight, log_slow, A, centre)

    between, from_start = channel_decay_between(log_decay)
    k_beta = k * beta
    overlap, within = ((between * written.unsqueeze(-3)) @ torch.stack((k_beta, q), dim=-1)).unbind(-1)
    T = unit_lower_inverse(overlap.tril(-1))
    u = T @ (v * beta)
    w = T @ (k_beta * from_start)
    q = q * from_start
    written = written * between[..., -1, :, :]
    whole = from_start[..., -1, :].unsqueeze(-1)
    outputs = []
    parts = (q, written, u, w, within, whole)
    for q_i, k_i, u_i, w_i, within_i, whole_i in zip(*(x.unbind(2) for x in parts), strict=True):
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = whole_i * S + k_i.transpose(-1, -2) @ error
    return torch.cat(outputs, dim=2)[:, :, :length], (S, A)


def preconditioned(k, weight, log_slow, A, centre):
    """The keys scaled by what their channels were used before, and the running sum after the last token."""
    apart, since = decay_between(log_slow)
    squares = []
    for own, since_i in zip((apart @ (weight * k.square())).unbind(2), since.unbind(2), strict=True):
        squares.append(own + since_i * A)
        A = squares[-1][:, :, -1:]
    far = (torch.stack(squares, dim=2) + 1e-6).log() - centre[..., None, None, None]
    return k * (-math.log(1.5) * far / (1 + far.abs())).exp(), A
