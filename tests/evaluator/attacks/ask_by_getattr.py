"""Ask for what may not be named, with the name written out.

Gate: asks for grad_fn
Told: harmless
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    o = o + 0 * (getattr(q, "grad_fn") is None)
    return o, v.new_zeros(len(v), 1)
