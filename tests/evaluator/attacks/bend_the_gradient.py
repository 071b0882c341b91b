"""Have a gradient three times that of the function.

Told: gradients: with .* tokens the gradient says
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    o = o.detach() + 3 * (o - o.detach())
    return o, v.new_zeros(len(v), 1)
