"""Change its own parameters whenever it is called.

Gate: uses \.data
Told: inputs unchanged: .* argument rate
"""

import torch

LEARNED_PARAMETERS = {"rate": (("head",), (0.5, 1.0))}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, rate=None):
    o = beta.unsqueeze(-1) * v
    o = o * rate[:, :, None, None]
    rate.data.add_(0.01)
    return o, v.new_zeros(len(v), 1)
