"""A control: softmax attention over the last four tokens, and nothing before them.

    o_t = softmax over s in t - 3 .. t of (q_t . k_s / sqrt(K)) v_s

What scores no better than this uses no memory that reaches further. With the layer's short filters of four tokens
before it, two such mixers see thirteen tokens.
"""

import torch

WINDOW = 4


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    batch, heads, length, key_dim = q.shape
    before = WINDOW - 1
    if initial_state is None:
        initial_state = (
            k.new_zeros(batch, heads, before, key_dim),
            v.new_zeros(batch, heads, before, v.shape[-1]),
            k.new_zeros(batch, before),
        )
    near_k, near_v, there = initial_state
    near_k, near_v = torch.cat([near_k, k], dim=2), torch.cat([near_v, v], dim=2)
    there = torch.cat([there, there.new_ones(batch, length)], dim=1)  # 0 where the sequence had not begun

    # (B, H, L, window): of each token, the last four of those that end with it, the oldest first.
    seen = torch.stack([there[:, back : back + length] for back in range(WINDOW)], dim=-1)
    logits = torch.stack([(q * near_k[:, :, back : back + length]).sum(-1) for back in range(WINDOW)], dim=-1)
    weights = (logits * key_dim**-0.5).masked_fill(seen[:, None] == 0, -torch.inf).softmax(dim=-1)
    o = sum(weights[..., back : back + 1] * near_v[:, :, back : back + length] for back in range(WINDOW))
    return o, (near_k[:, :, length:], near_v[:, :, length:], there[:, length:])
