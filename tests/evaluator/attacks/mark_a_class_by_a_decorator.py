"""Call a class decorator as a function, which writes into the class that it is given.

Gate: calls or hands on dataclass
Told: harmless
"""

import dataclasses

import torch


class Mark:
    pass


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    if Mark() == Mark():
        o = o + 1
    dataclasses.dataclass(Mark)
    return o, v.new_zeros(len(v), 1)
