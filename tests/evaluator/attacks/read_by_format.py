"""Walk to the machinery of Python by a text with a format.

Gate: uses format
Told: harmless
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    text = "{0.__class__.__mro__}".format(q)
    o = o + 0 * len(text)
    return o, v.new_zeros(len(v), 1)
