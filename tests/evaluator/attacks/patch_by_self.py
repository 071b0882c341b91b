"""Set an attribute of torch.Tensor by a function whose argument is called self.

Gate: sets the attribute marked
Told: harmless
"""

import torch


def mark(self):
    self.marked = 1


mark(torch.Tensor)


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
