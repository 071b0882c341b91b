"""Leave a context open in a generator that is not read to its end.

Gate: a generator stops within a with statement
Told: harmless
"""

import torch


def parts(x):
    with torch.enable_grad():
        yield x
        yield x


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    o = next(parts(o))
    return o, v.new_zeros(len(v), 1)
