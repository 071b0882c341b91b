"""Read an attribute that no name in the pattern shows.

Gate: reads attributes that it does not name|defines __match_args__|called __match_args__
Told: harmless
"""

import torch


class Shape:
    __match_args__ = ("__class__",)


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    match Shape():
        case Shape(found):
            o = o + 0 * len(found.__name__)
    return o, v.new_zeros(len(v), 1)
