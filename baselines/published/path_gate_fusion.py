"""The pattern that ASI-Arch found best at 340M parameters (Liu et al. 2025, arXiv 2507.18074, PathGateFusionNet).

A router shares each token's output in two stages: first between the value itself and everything that needs context,
then, of the latter, between a short filter of the values, a long one and the delta rule.

    o_t = p_t v_t + (1 - p_t) (s_t short_t + l_t long_t + d_t S_t^T q_t),   p = sigmoid(copy),  s, l, d a softmax

The filters are causal, one weight a channel and tap (4 and 16 taps, fewer than there); they start as the identity.
Left out: statistics of the branches as inputs of the router, which a declared input cannot be, and its entropy loss.
"""

import torch
import torch.nn.functional as F

from agent.kernels import split_into_chunks, unit_lower_inverse

SHORT, LONG = 4, 16
LEARNED_INPUTS = {"copy": "head", "to_short": "head", "to_long": "head", "to_memory": "head"}
LEARNED_PARAMETERS = {
    "short_filter": (("head", "value", 4), (0.0, 0.0)),  # beside the identity
    "long_filter": (("head", "value", 16), (0.0, 0.0)),
    "copy_bias": (("head",), (-2.0, -2.0)),
    "memory_bias": (("head",), (1.0, 1.0)),
}


def delta_rule_chunkwise(
    q, k, v, beta, initial_state=None, chunk_size=32,
    *, copy, to_short, to_long, to_memory, short_filter, long_filter, copy_bias, memory_bias,
):  # fmt: skip
    initial_state, tail = (None, None) if initial_state is None else initial_state
    longer = torch.cat([v.new_zeros(*v.shape[:2], LONG - 1, v.shape[-1]) if tail is None else tail, v], dim=2)
    value, short, long = v, v + filtered(longer, short_filter), v + filtered(longer, long_filter)
    copied = (copy + copy_bias.unsqueeze(-1)).sigmoid().unsqueeze(-1)
    routes = torch.stack([to_short, to_long, to_memory + memory_bias.unsqueeze(-1)], dim=-1).softmax(dim=-1)

    # From here to its output o the delta rule, in the lines of the template: what changes those changes it here too.
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)
    q, k, v, beta = (split_into_chunks(x, chunk_size) for x in (q, k, v, beta.unsqueeze(-1)))
    k_beta = k * beta
    T = unit_lower_inverse((k_beta @ k.transpose(-1, -2)).tril(-1))
    u = T @ (v * beta)
    w = T @ k_beta
    within_chunk = (q @ k.transpose(-1, -2)).tril()

    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    chunks = zip(*(x.unbind(2) for x in (q, k, u, w, within_chunk)), strict=True)
    for q_i, k_i, u_i, w_i, within_i in chunks:
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = S + k_i.transpose(-1, -2) @ error
    o = torch.cat(outputs, dim=2)[:, :, :length]

    context = routes[..., :1] * short + routes[..., 1:2] * long + routes[..., 2:] * o
    return copied * value + (1 - copied) * context, (S, longer[:, :, -(LONG - 1) :])


def filtered(longer, taps):
    """A causal filter a channel: longer (B, H, 15 + L, V), taps (B, H, V, width), the last tap on the token itself."""
    width = taps.shape[-1]
    first, length = LONG - width, longer.shape[2] - (LONG - 1)
    return sum(longer[:, :, first + tap : first + tap + length] * taps[..., tap].unsqueeze(2) for tap in range(width))
