"""DeltaNet token by token: the textbook recurrence, which the chunkwise op computes faster."""

import torch
import torch.nn.functional as F


def delta_rule_recurrent(q, k, v, beta, initial_state=None):
    """Read and write the memory one token at a time.

    q, k: (B, H, L, K) queries and keys, not yet normalised.
    v: (B, H, L, V) values.
    beta: (B, H, L) in (0, 1), how far each token moves the memory towards its value.
    initial_state: (B, H, K, V), the memory that an earlier call returned; None is an empty one.
    Returns o: (B, H, L, V) and the state after the last token, (B, H, K, V).
    """
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)

    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    for t in range(length):
        # Rows and columns of width one, so that every product below is one of matrices.
        q_t, k_t, v_t, beta_t = q[:, :, t, None], k[:, :, t, None], v[:, :, t, None], beta[:, :, t, None, None]
        S = S + k_t.transpose(-1, -2) @ (beta_t * (v_t - k_t @ S))
        outputs.append(q_t @ S)

    return torch.cat(outputs, dim=2), S
