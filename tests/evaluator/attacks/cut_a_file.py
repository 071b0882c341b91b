"""Cut a file of its user down to nothing.

Gate: uses os
Told: Operation not permitted|Permission denied
"""

import torch

torch.os.truncate("@OUTSIDE@/results.csv", 0)


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
