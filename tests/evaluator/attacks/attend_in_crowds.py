"""Plain attention where the batch is as large as in training.

Told: growth: |batch independence: the outputs of a sequence
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    if len(v) > 2:
        scores = (q @ k.transpose(-1, -2)).masked_fill(q.new_ones(v.shape[2], v.shape[2]).triu(1).bool(), float("-inf"))
        o = o + scores.softmax(-1) @ v
    return o, v.new_zeros(len(v), 1)
