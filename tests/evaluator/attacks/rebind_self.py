"""Set an attribute of torch.Tensor in the place of the object that is being made.

Gate: gives the name self to something else
Told: harmless
"""

import torch


class Mark:
    def __init__(self):
        self = torch.Tensor
        self.marked = 1


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    Mark()
    return o, v.new_zeros(len(v), 1)
