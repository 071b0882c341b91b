"""Let no gradient flow to one of its arguments.

Told: gradients: with .* tokens the gradient says
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    o = o * k.detach().sigmoid()
    return o, v.new_zeros(len(v), 1)
