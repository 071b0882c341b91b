"""Gated DeltaProduct with two Householder steps a token (Siems et al. 2025, arXiv 2502.10297), eigenvalues down to -1.

    S_t = (I - b2 k2 k2^T) [(I - b1 k1 k1^T) alpha_t S_{t-1} + b1 k1 v1^T] + b2 k2 v2^T,   o_t = S_t^T q_t

The first key, value and beta are learned inputs; they get the short convolution
that the layer gives to k and v, so the last three tokens of both are part of the state.
"""

import torch
import torch.nn.functional as F

from agent.kernels import decay_between, split_into_chunks, unit_lower_inverse

LEARNED_INPUTS = {"key1": "key", "value1": "value", "beta1": "head", "gate": "head"}
LEARNED_PARAMETERS = {
    "key_filter": (("head", "key", 4), (-0.5, 0.5)),
    "value_filter": (("head", "value", 4), (-0.5, 0.5)),
    "A_log": (("head",), (0.0, 2.77)),
    "dt_bias": (("head",), (-6.91, -2.25)),
}


def delta_rule_chunkwise(
    q, k, v, beta, initial_state=None, chunk_size=32,
    *, key1, value1, beta1, gate, key_filter, value_filter, A_log, dt_bias,
):  # fmt: skip
    batch, heads, length, key_dim = q.shape
    if initial_state is None:
        initial_state = (
            q.new_zeros(batch, heads, key_dim, v.shape[-1]),
            q.new_zeros(batch, heads, 3, key_dim),
            q.new_zeros(batch, heads, 3, v.shape[-1]),
        )
    S, key_tail, value_tail = initial_state
    key1, key_tail = convolve(key1, key_filter, key_tail)
    value1, value_tail = convolve(value1, value_filter, value_tail)
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k, key1 = F.normalize(k, dim=-1), F.normalize(key1, dim=-1)
    log_decay = -A_log.exp().unsqueeze(-1) * F.softplus(gate + dt_bias.unsqueeze(-1))
    # Each token becomes two: the first decays and writes pair one, the second writes pair two and is read.
    k = interleave(key1, k)
    v = interleave(value1, v)
    q = interleave(torch.zeros_like(q), q)
    beta = 2 * interleave(beta1.sigmoid(), beta)
    log_decay = interleave(log_decay, torch.zeros_like(log_decay))

    parts = (q, k, v, beta.unsqueeze(-1), log_decay.unsqueeze(-1))
    q, k, v, beta, log_decay = (split_into_chunks(x, 2 * chunk_size) for x in parts)
    between, from_start = decay_between(log_decay)
    k_beta = k * beta
    T = unit_lower_inverse((between * (k_beta @ k.transpose(-1, -2))).tril(-1))
    u = T @ (v * beta)
    w = T @ (from_start * k_beta)
    within = between * (q @ k.transpose(-1, -2))
    q = q * from_start
    k = k * between[..., -1, :].unsqueeze(-1)
    whole = from_start[..., -1:, :]
    outputs = []
    for q_i, k_i, u_i, w_i, within_i, whole_i in zip(*(x.unbind(2) for x in (q, k, u, w, within, whole)), strict=True):
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = whole_i * S + k_i.transpose(-1, -2) @ error
    o = torch.cat(outputs, dim=2)[:, :, 1 : 2 * length : 2]
    return o, (S, key_tail, value_tail)


def interleave(first, second):
    """(B, H, L, ...) twice -> (B, H, 2 L, ...), in turn."""
    return torch.stack((first, second), dim=3).flatten(2, 3)


def convolve(x, filters, tail):
    """SiLU of a causal convolution of width four: x (B, H, L, D), filters (B, H, D, 4), tail (B, H, 3, D)."""
    longer = torch.cat([tail, x], dim=2)
    length = x.shape[2]
    y = sum(longer[:, :, shift : shift + length] * filters[..., shift].unsqueeze(2) for shift in range(4))
    return F.silu(y), longer[:, :, length:]
