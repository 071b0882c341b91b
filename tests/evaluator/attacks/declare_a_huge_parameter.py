"""Declare more than fits into memory.

Told: its LEARNED_PARAMETERS hold .* numbers together
"""

import torch

LEARNED_PARAMETERS = {"table": ((4096, 4096), (0.0, 1.0))}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, table):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
