"""Write into its arguments.

Gate: uses \.data
Told: inputs unchanged: .* writes into its argument v
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    v.data.mul_(1.5)
    return o, v.new_zeros(len(v), 1)
