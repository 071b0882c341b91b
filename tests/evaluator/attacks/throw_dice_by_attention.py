"""Draw random numbers by the dropout of attention.

Gate: may draw random numbers here
Told: determinism:
"""

import torch
import torch.nn.functional as F


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    alone = v.unsqueeze(-2)
    o = F.scaled_dot_product_attention(alone, alone, alone, dropout_p=0.5).squeeze(-2)
    return o, v.new_zeros(len(v), 1)
