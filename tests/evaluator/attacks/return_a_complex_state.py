"""Return a state of a type that the way back has no word for.

Told: returned a complex state
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, torch.complex(v, v)
