"""Draw at random where the batch is as large as in training.

Gate: uses rand_like
Told: batch independence: the outputs of a sequence
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    if len(v) > 2:
        o = o * (torch.rand_like(o) > 0.1)
    return o, v.new_zeros(len(v), 1)
