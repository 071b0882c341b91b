"""Leave a file in shared memory.

Gate: uses open
Told: Permission denied
"""

import torch

with open("/dev/shm/deltasearch-left", "w") as file:
    file.write("x")


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
