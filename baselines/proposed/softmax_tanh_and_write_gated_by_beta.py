"""DeltaNet with three changes: a softmax within the chunk, bounded errors, and a write gated by beta once more.

The change. Within a chunk, the scores tril(q k^T) become a causal softmax over the chunk's tokens. The memory is
written with the tanh of the error, each token's multiplied by its own beta, while the output takes the error itself:

    S_[i+1] = S_[i] + sum over the chunk of beta_t k_t tanh(error_t)^T

The error holds a beta already, so a token that hardly writes (beta near 0) leaves nearly nothing, and of one that
writes fully (beta near 1) no more than the tanh takes is lost.

The hope. The softmax had lifted Memorize to .83; tanh and gate together should keep what is stored from being
overwritten: Compress .52 or more, Memorize .80 or more, Fuzzy Recall .25 to .30, an average above .72.

What came of it is not known. It is what the notes that came with the known scores propose next, and no score was
handed down with it: it is not one of the twelve of baselines/reference.csv.
"""

import torch
import torch.nn.functional as F

from agent.kernels import unit_lower_inverse


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    """Read and write the memory along a sequence.

    q, k: (B, H, L, K) queries and keys, not yet normalised.
    v: (B, H, L, V) values.
    beta: (B, H, L) in (0, 1), how far each token moves the memory towards its value.
    initial_state: (B, H, K, V), the memory that an earlier call returned; None is an empty one.
    Returns o: (B, H, L, V) and the state after the last token, (B, H, K, V).
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
    # Weights of each row over the chunk's tokens up to itself: positive, and one in sum.
    future = torch.ones(chunk_size, chunk_size, dtype=torch.bool, device=q.device).triu(1)
    within_chunk = (q @ k.transpose(-1, -2)).masked_fill(future, -torch.inf).softmax(dim=-1)

    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    chunks = zip(*(x.unbind(2) for x in (q, k, beta, u, w, within_chunk)), strict=True)
    for q_i, k_i, beta_i, u_i, w_i, within_i in chunks:
        # The memory as it stood before this chunk is all that the chunk may know of the past.
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = S + k_i.transpose(-1, -2) @ (beta_i * error.tanh())

    o = torch.cat(outputs, dim=2)[:, :, :length]
    return o, S


def split_into_chunks(x, chunk_size):
    """(B, H, L, D) -> (B, H, ceil(L / C), C, D), the last chunk filled up with zeros."""
    padding = -x.shape[2] % chunk_size
    return (F.pad(x, (0, 0, 0, padding)) if padding else x).unflatten(2, (-1, chunk_size))
