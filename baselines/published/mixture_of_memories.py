"""Mixture-of-Memories (Du et al. 2025, arXiv 2502.13685): three memories that a router chooses from, and a shared one.

A token is written to the memory that its router finds likeliest, and to the shared one, by the delta rule in each; it
reads that memory, weighted by how likely it was, and the shared one. One memory of three is
chosen. Left out: keys and values of their own for each memory, and the balancing loss.
"""

import torch
import torch.nn.functional as F

from agent.kernels import split_into_chunks, unit_lower_inverse

LEARNED_INPUTS = {"router": "key"}
ROUTED = 3


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, router):
    batch, heads, _, key_dim = q.shape
    likely = router[..., :ROUTED].softmax(dim=-1)
    best = likely.argmax(dim=-1, keepdim=True)
    chosen = torch.zeros_like(likely).scatter(-1, best, 1.0)
    everyone = torch.ones_like(beta).unsqueeze(-1)
    used = torch.cat([chosen, everyone], dim=-1)
    share = torch.cat([chosen * likely, everyone], dim=-1)
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)
    if initial_state is None:
        initial_state = tuple(q.new_zeros(batch, heads, key_dim, v.shape[-1]) for _ in range(ROUTED + 1))
    o, states = torch.zeros_like(v), []
    for memory, start in enumerate(initial_state):
        read, state = delta_rule(q, k, v, beta * used[..., memory], start, chunk_size)
        o = o + share[..., memory, None] * read
        states.append(state)
    return o, tuple(states)


def delta_rule(q, k, v, beta, S, chunk_size):
    length = q.shape[2]
    q, k, v, beta = (split_into_chunks(x, chunk_size) for x in (q, k, v, beta.unsqueeze(-1)))
    k_beta = k * beta
    T = unit_lower_inverse((k_beta @ k.transpose(-1, -2)).tril(-1))
    u = T @ (v * beta)
    w = T @ k_beta
    within = (q @ k.transpose(-1, -2)).tril()
    outputs = []
    for q_i, k_i, u_i, w_i, within_i in zip(*(x.unbind(2) for x in (q, k, u, w, within)), strict=True):
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = S + k_i.transpose(-1, -2) @ error
    return torch.cat(outputs, dim=2)[:, :, :length], S
