"""See the other sequences of the batch.

Told: batch independence:
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    o = o + v.mean(0, keepdim=True)
    return o, v.new_zeros(len(v), 1)
