"""DeltaNet with rotary position embeddings on queries and keys, before their L2 norm.

The change. q and k are turned, pair of channels by pair, by angles that grow with the token's position in the whole
sequence (Su et al. 2021, arXiv 2104.09864). A rotation keeps lengths, so that it might as well come after the norm. The
position is handed on in the state.

The hope. DeltaNet has no sense of position, and Compress and Memorize ask for order; keys that differ by where they
stand would not collide.

What came of it. The known scores fall on all six tasks, to .66 on Context Recall and .22 on Compress. The same token no
longer has the same key at two places: a lookup finds a fact well only at the distance it was learned for, and a second
write of the same key corrects another place in memory than the first.
"""

import torch
import torch.nn.functional as F

from agent.kernels import unit_lower_inverse

ROPE_BASE = 10_000.0


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    """Read and write the memory along a sequence.

    q, k: (B, H, L, K) queries and keys, not yet normalised.
    v: (B, H, L, V) values.
    beta: (B, H, L) in (0, 1), how far each token moves the memory towards its value.
    initial_state: what an earlier call returned; None is an empty memory at position 0.
    Returns o: (B, H, L, V) and the state after the last token: the memory, (B, H, K, V), and the number of tokens so
    far, (B,), an integer.
    """
    batch, heads, length, key_dim = q.shape
    if initial_state is None:
        empty = q.new_zeros(batch, heads, key_dim, v.shape[-1])
        initial_state = empty, torch.zeros(batch, dtype=torch.long, device=q.device)
    S, seen = initial_state
    position = seen[:, None, None] + torch.arange(length, device=q.device)
    q, k = rotate(q, position), rotate(k, position)
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

    outputs = []
    chunks = zip(*(x.unbind(2) for x in (q, k, u, w, within_chunk)), strict=True)
    for q_i, k_i, u_i, w_i, within_i in chunks:
        # The memory as it stood before this chunk is all that the chunk may know of the past.
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = S + k_i.transpose(-1, -2) @ error

    o = torch.cat(outputs, dim=2)[:, :, :length]
    return o, (S, seen + length)


def rotate(x, position):
    """RoPE: turn channel pair j of the token at position p by the angle p * ROPE_BASE^(-2j / D).

    x: (..., L, D); position: integers that broadcast against (..., L). An odd last channel stays as it is.
    """
    half = x.shape[-1] // 2
    # Angles want 24 bits even where x has fewer: bfloat16 cannot count beyond 256.
    pair = torch.arange(half, dtype=torch.promote_types(x.dtype, torch.float32), device=x.device)
    angle = position.unsqueeze(-1) * ROPE_BASE ** (-2 * pair / x.shape[-1])
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    first, second, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    return torch.cat((first * cos - second * sin, first * sin + second * cos, rest), dim=-1)


def split_into_chunks(x, chunk_size):
    """(B, H, L, D) -> (B, H, ceil(L / C), C, D), the last chunk filled up with zeros."""
    padding = -x.shape[2] % chunk_size
    return (F.pad(x, (0, 0, 0, padding)) if padding else x).unflatten(2, (-1, chunk_size))
