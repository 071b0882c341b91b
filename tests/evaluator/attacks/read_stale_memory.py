"""Use memory that was never written. Where what lies in it happens to be no finite number, that alone is refused first.

Told: finite numbers: .*NaN before it is written|refused: delta_rule_chunkwise returned numbers that are not finite
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    o = o + 0 * torch.empty_like(o)
    return o, v.new_zeros(len(v), 1)
