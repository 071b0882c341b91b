"""Tokens packed into the bits of whole numbers.

Told: must return a state of floating-point numbers, not of torch.int64
"""

import torch


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    o = beta.unsqueeze(-1) * v
    packed = v.new_zeros(*v.shape[:2], 64, v.shape[3]).long() if initial_state is None else initial_state
    return o, torch.cat([packed, (v * 1024).long()], dim=2)[:, :, -64:]
