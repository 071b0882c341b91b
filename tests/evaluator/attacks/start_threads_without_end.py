"""Start threads until the machine stands still.

Gate: uses __import__
Told: killed for the threads|can't start new thread|memory
"""

import torch

threading, time = __import__("threading"), __import__("time")
while True:
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    return o, v.new_zeros(len(v), 1)
