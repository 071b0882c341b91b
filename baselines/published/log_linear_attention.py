"""Log-linear attention (Guo et al. 2025, arXiv 2506.04761) on Mamba-2's decay: memories of the near and the far past.

    o_t = sum over levels of  weight_t[level]  (the decayed memory of that level)^T q_t

The levels are those of a Fenwick tree: the token itself, then 1, 2, 4, ... tokens before it. The
paper's tree grows by the logarithm of the length. A state must not grow, so here four memories stand beyond the chunk,
of 1, 2 and 4 chunks and one of all that is older: exact up to eight chunks.
"""

import torch
import torch.nn.functional as F

from agent.kernels import decay_between

LEARNED_INPUTS = {"dt": "head", "levels": "key"}
LEARNED_PARAMETERS = {"A_log": (("head",), (0.0, 2.77)), "dt_bias": (("head",), (-6.91, -2.25))}
MEMORIES = 4


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, dt, levels, A_log, dt_bias):
    batch, heads, length, key_dim = q.shape
    step = F.softplus(dt + dt_bias.unsqueeze(-1))
    log_decay = (-A_log.exp().unsqueeze(-1) * step).unsqueeze(-1)
    v = step.unsqueeze(-1) * v
    weight = F.softplus(levels)  # of each level of the tree; only the first ones are used
    inside = chunk_size.bit_length()  # levels within a chunk
    level_of = fenwick_levels(chunk_size, q.device)

    if initial_state is None:
        memories, done = [None] * MEMORIES, 0
    else:
        done, memories = int(initial_state[0].flatten()[0]), list(initial_state[1:])
    outputs = []
    for start in range(0, length, chunk_size):
        parts = (q, k, v, weight, log_decay)
        q_i, k_i, v_i, weight_i, log_i = (x[:, :, start : start + chunk_size] for x in parts)
        size = q_i.shape[2]
        between, from_start = decay_between(log_i)
        scale = weight_i[..., :inside].gather(-1, level_of[:size, :size].expand(batch, heads, size, size))
        o = (scale * between * (q_i @ k_i.transpose(-1, -2))) @ v_i
        for level, memory in enumerate(memories):
            if memory is not None:
                o = o + weight_i[..., inside + level, None] * from_start * (q_i @ memory)
        outputs.append(o)
        own = (k_i * between[..., -1, :].unsqueeze(-1)).transpose(-1, -2) @ v_i
        whole = from_start[:, :, -1:]
        memories = carried([None if memory is None else whole * memory for memory in memories], own, done)
        done += 1
    memories = [q.new_zeros(batch, heads, key_dim, v.shape[-1]) if memory is None else memory for memory in memories]
    return torch.cat(outputs, dim=2), (q.new_full((batch, 1), float(done)), *memories)


def carried(memories, own, done):
    """The memories after a chunk more, carried upwards as a one is in binary counting; the last one keeps all."""
    level = 0
    while level < MEMORIES - 1 and done >> level & 1:
        own = own + memories[level]
        memories[level] = None
        level += 1
    memories[level] = own if memories[level] is None else memories[level] + own
    return memories


def fenwick_levels(size, device):
    """(C, C): for row t and column s <= t the level at which t finds s; 0 is t itself, level l has 2^(l-1) tokens."""
    rows = []
    for t in range(size):
        row, end, level = [0] * size, t, 1
        while end:
            bucket = 1 << (level - 1)
            if end & bucket:
                row[end - bucket : end] = [level] * bucket
                end -= bucket
            level += 1
        rows.append(row)
    return torch.tensor(rows, device=device)
