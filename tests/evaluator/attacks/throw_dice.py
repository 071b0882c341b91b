"""Add noise that nobody asked for.

Gate: uses rand_like
Told: determinism:
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    o = o + 0.01 * torch.rand_like(o)
    return o, v.new_zeros(len(v), 1)
