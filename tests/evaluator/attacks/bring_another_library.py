"""Import what is not allowed.

Told: imports numpy; a variant may import
"""

import torch

import numpy


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
