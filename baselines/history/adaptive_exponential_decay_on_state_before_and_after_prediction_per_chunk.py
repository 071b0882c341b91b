"""DeltaNet whose memory fades a little with every chunk, the more so the more was written.

The change. Each chunk has a decay exp(-RATE * mean beta), a head. It acts twice: after the chunk's prediction on the
memory that the prediction was made from, and before the next chunk's prediction on everything, the new corrections
included. It is handed on for that in the state; to fade by its own mean beta before its output would let a chunk's
early tokens see the late ones.

The hope. Old associations that nothing refreshes make room for new ones, as in Gated DeltaNet, but with nothing more to
learn: a chunk that writes much forgets much.

What came of it. The known scores are those of the template, with Fuzzy Recall a little higher (.205 against .190),
which may be chance.
"""

import torch
import torch.nn.functional as F

from agent.kernels import unit_lower_inverse

# At beta 1/2 throughout, 1,024 tokens in chunks of 32 leave of a memory exp(-0.32), about three quarters.
RATE = 0.01


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    """Read and write the memory along a sequence.

    q, k: (B, H, L, K) queries and keys, not yet normalised.
    v: (B, H, L, V) values.
    beta: (B, H, L) in (0, 1), how far each token moves the memory towards its value.
    initial_state: what an earlier call returned; None is an empty memory.
    Returns o: (B, H, L, V) and the state after the last token: the memory, (B, H, K, V), and the last chunk's decay,
    (B, H, 1, 1).
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
        initial_state = q.new_zeros(batch, heads, key_dim, v.shape[-1]), q.new_ones(batch, heads, 1, 1)
    S, decay = initial_state
    outputs = []
    chunks = zip(*(x.unbind(2) for x in (q, k, u, w, within_chunk)), strict=True)
    for i, (q_i, k_i, u_i, w_i, within_i) in enumerate(chunks):
        S = decay * S
        # The memory as it stood before this chunk is all that the chunk may know of the past.
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        # Padding has no beta: the mean is over the chunk's own tokens.
        mean_beta = beta[:, :, i].sum(dim=-2, keepdim=True) / min(chunk_size, length - i * chunk_size)
        decay = torch.exp(-RATE * mean_beta)
        S = decay * S + k_i.transpose(-1, -2) @ error

    o = torch.cat(outputs, dim=2)[:, :, :length]
    return o, (S, decay)


def split_into_chunks(x, chunk_size):
    """(B, H, L, D) -> (B, H, ceil(L / C), C, D), the last chunk filled up with zeros."""
    padding = -x.shape[2] % chunk_size
    return (F.pad(x, (0, 0, 0, padding)) if padding else x).unflatten(2, (-1, chunk_size))
