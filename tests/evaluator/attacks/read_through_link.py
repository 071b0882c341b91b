"""Read the same file through a symbolic link in its own folder.

Gate: uses os
Told: Permission denied|Operation not permitted
"""

import torch

torch.os.symlink("@OUTSIDE@/secret", "link")
with open("link") as file:
    STOLEN = file.read()


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
