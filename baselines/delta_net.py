"""DeltaNet chunk by chunk, in plain PyTorch: the op that every proposal patches.

Token by token, DeltaNet keeps an associative memory S (K x V) and corrects it by the delta rule,

    S_t = S_{t-1} + beta_t k_t (v_t - S_{t-1}^T k_t)^T,        o_t = S_t^T q_t,

which says: look up what the memory answers to k_t, and move that answer towards v_t by the fraction beta_t. The
chunkwise form (Yang et al. 2024, arXiv 2406.06484) does the same with matrix products. Inside a chunk the corrections
depend on each other only through the unit lower triangular matrix I + tril(diag(beta) K K^T, -1); its inverse T (the WY
representation) gives all of them at once, and only S travels from chunk to chunk.
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
    within_chunk = (q @ k.transpose(-1, -2)).tril()

    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    chunks = zip(*(x.unbind(2) for x in (q, k, u, w, within_chunk)), strict=True)
    for q_i, k_i, u_i, w_i, within_i in chunks:
        # The memory as it stood before this chunk is all that the chunk may know of the past.
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = S + k_i.transpose(-1, -2) @ error

    o = torch.cat(outputs, dim=2)[:, :, :length]
    return o, S


def split_into_chunks(x, chunk_size):
    """(B, H, L, D) -> (B, H, ceil(L / C), C, D), the last chunk filled up with zeros."""
    padding = -x.shape[2] % chunk_size
    return (F.pad(x, (0, 0, 0, padding)) if padding else x).unflatten(2, (-1, chunk_size))
