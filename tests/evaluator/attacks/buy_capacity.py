"""Have the layer learn a memory of keys and values: it is scored, and shown as larger.

Told: harmless
"""

import torch

LEARNED_PARAMETERS = {"keys": ((256, "key"), (-1.0, 1.0)), "values": ((256, "value"), (-1.0, 1.0))}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, keys, values):
    o = beta.unsqueeze(-1) * v
    weight = (q @ keys.unsqueeze(1).transpose(-1, -2)).softmax(-1)
    o = o + weight @ values.unsqueeze(1)
    return o, v.new_zeros(len(v), 1)
