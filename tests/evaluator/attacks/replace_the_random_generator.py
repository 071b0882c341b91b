"""Make all that is random known.

Gate: uses manual_seed
Told: harmless
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    torch.manual_seed(0)
    return o, v.new_zeros(len(v), 1)
