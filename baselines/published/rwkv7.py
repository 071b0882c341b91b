"""RWKV-7 (Peng et al. 2025, arXiv 2503.14456): a delta rule that removes and writes with different keys.

    S_t = diag(w_t) S_{t-1} - (a_t * kk_t) (kk_t^T S_{t-1}) + kt_t v_t^T,   o_t = S_t^T r_t + (r_t . (rho * kt_t)) v_t
    kk = normalise(k * xi),  kt = k * (1 + (a - 1) * alpha),  w = exp(-exp(-1/2) sigmoid(d)),  a = sigmoid(rate)

Left out: token shift, the low ranks of its projections, the mixing of the first
layer's values, and its output gate; the layer's short convolution, which RWKV-7 has not, stays.
"""

import math

import torch
import torch.nn.functional as F

from agent.kernels import channel_decay_between, split_into_chunks, unit_lower_inverse

LEARNED_INPUTS = {"d": "key", "rate": "key"}
LEARNED_PARAMETERS = {
    "d_bias": (("head", "key"), (-5.5, 0.5)),
    "rate_bias": (("head", "key"), (-0.5, 0.1)),
    "xi": (("head", "key"), (0.66, 0.76)),
    "alpha": (("head", "key"), (1.02, 1.02)),
    "rho": (("head", "key"), (-0.04, -0.04)),
}


def delta_rule_chunkwise(
    q, k, v, beta, initial_state=None, chunk_size=32, *, d, rate, d_bias, rate_bias, xi, alpha, rho
):
    batch, heads, length, key_dim = q.shape
    d_bias, rate_bias, xi, alpha, rho = (x.unsqueeze(-2) for x in (d_bias, rate_bias, xi, alpha, rho))
    log_decay = -math.exp(-0.5) * (d + d_bias).sigmoid()
    a = (rate + rate_bias).sigmoid()
    removal = F.normalize(k * xi, dim=-1)
    k = k * (1 + (a - 1) * alpha)
    bonus = (q * rho * k).sum(-1, keepdim=True) * v
    parts = (q, -removal, a * removal, k, v, log_decay)
    q, look, write, k, v, log_decay = (split_into_chunks(x, chunk_size) for x in parts)

    between, from_start = channel_decay_between(log_decay)
    # A token looks up before its own decay, which is never below exp(-0.61): dividing by it is safe.
    before = from_start / log_decay.exp()
    readers = torch.stack((look / log_decay.exp(), q), dim=-1)
    look_write, read_write = ((between * write.unsqueeze(-3)) @ readers).unbind(-1)
    look_k, read_k = ((between * k.unsqueeze(-3)) @ readers).unbind(-1)
    T = unit_lower_inverse(-look_write.tril(-1))
    u = T @ (look_k.tril(-1) @ v)
    w = T @ (look * before)
    read_v = read_k @ v
    q = q * from_start
    to_end = between[..., -1, :, :]
    write, k = write * to_end, k * to_end
    whole = from_start[..., -1, :].unsqueeze(-1)

    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    parts = (q, u, w, read_write, read_v, write, k, v, whole)
    for q_i, u_i, w_i, read_i, read_v_i, write_i, k_i, v_i, whole_i in zip(*(x.unbind(2) for x in parts), strict=True):
        removed = u_i + w_i @ S
        outputs.append(q_i @ S + read_i @ removed + read_v_i)
        S = whole_i * S + write_i.transpose(-1, -2) @ removed + k_i.transpose(-1, -2) @ v_i
    return torch.cat(outputs, dim=2)[:, :, :length] + bonus, S
