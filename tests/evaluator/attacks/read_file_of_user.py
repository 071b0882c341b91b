"""Read a file in the home folder of its user.

Gate: uses open
Told: Permission denied|No such file|Read-only file system
"""

import torch

with open("@OUTSIDE@/secret") as file:
    STOLEN = file.read()


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
