"""Reach for a module that torch happens to hold.

Gate: reaches for torch\.functional
Told: harmless
"""

import torch

FOUND = torch.functional.itertools


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
