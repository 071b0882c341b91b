"""Never end, in Python.

Told: timeout
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    while True:
        pass
    return o, v.new_zeros(len(v), 1)
