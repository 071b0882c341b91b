"""DeltaNet whose memory is updated as Adam updates weights, once a chunk, after the chunk's output.

The change. What a chunk would add to S is taken for a gradient step. Its running mean and running square are kept for
each entry of S, both corrected for their start at zero, and S moves by the one over the root of the other.

The hope. An optimiser that gives every weight its own rate trains networks better than plain gradient descent does; the
memory is a small linear network trained on the fly, so it might store better too.

What came of it. The known scores are a collapse on all six tasks. The division is likely to blame: the first chunk's
step is +1 or -1 in every entry, whatever was to be stored, so a write is no longer an outer product of a key and a
value, the lookup k_t no longer finds the answer just written, and next to no gradient passes through a sign. That does
not explain all: on inputs of one chunk, as those of Memorize, this file is DeltaNet to the bit, yet Memorize collapsed.
"""

import torch
import torch.nn.functional as F

from agent.kernels import unit_lower_inverse

MEAN_DECAY = 0.9
SQUARE_DECAY = 0.999
EPSILON = 1e-6


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    """Read and write the memory along a sequence.

    q, k: (B, H, L, K) queries and keys, not yet normalised.
    v: (B, H, L, V) values.
    beta: (B, H, L) in (0, 1), how far each token moves the memory towards its value.
    initial_state: what an earlier call returned; None is an empty memory.
    Returns o: (B, H, L, V) and the state after the last token: the memory and the two moments of its updates, each
    (B, H, K, V), and the number of updates so far, (B, 1, 1, 1).
    """
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)

    # Padding writes nothing: its beta and its k are zero. Chunked tensors are (B, H, chunks, C, .).
    q, k, v, beta = (split_into_chunks(x, chunk_size) for x in (q, k, v, beta.unsqueeze(-1)))

    # Each token's correction, had the chunk begun with an empty memory (u), and how it shrinks with what S holds (w).
    k_beta = k * beta
    T = unit_lower_inverse((k_beta @ k.transpose(-1, -2)).tril(-1))
    u = T @ (v * beta)
    w = T @ k_beta
    within_chunk = (q @ k.transpose(-1, -2)).tril()

    if initial_state is None:
        empty = q.new_zeros(batch, heads, key_dim, v.shape[-1])
        initial_state = empty, empty, empty, q.new_zeros(batch, 1, 1, 1)
    S, mean, square, steps = initial_state
    outputs = []
    chunks = zip(*(x.unbind(2) for x in (q, k, u, w, within_chunk)), strict=True)
    for q_i, k_i, u_i, w_i, within_i in chunks:
        # The memory as it stood before this chunk is all that the chunk may know of the past.
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        update = k_i.transpose(-1, -2) @ error
        steps = steps + 1
        mean = MEAN_DECAY * mean + (1 - MEAN_DECAY) * update
        square = SQUARE_DECAY * square + (1 - SQUARE_DECAY) * update**2
        unbiased_mean = mean / (1 - MEAN_DECAY**steps)
        unbiased_square = square / (1 - SQUARE_DECAY**steps)
        # EPSILON stands under the root, whose slope at zero would otherwise be infinite.
        S = S + unbiased_mean / (unbiased_square + EPSILON).sqrt()

    o = torch.cat(outputs, dim=2)[:, :, :length]
    return o, (S, mean, square, steps)


def split_into_chunks(x, chunk_size):
    """(B, H, L, D) -> (B, H, ceil(L / C), C, D), the last chunk filled up with zeros."""
    padding = -x.shape[2] % chunk_size
    return (F.pad(x, (0, 0, 0, padding)) if padding else x).unflatten(2, (-1, chunk_size))
