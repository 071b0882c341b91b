"""Gated DeltaNet chunk by chunk, in plain PyTorch (Yang, Kautz, Hatamizadeh 2024, arXiv 2412.06464).

DeltaNet overwrites what it looks up and keeps all else for ever. Gated DeltaNet lets all of the memory fade as well, by
a decay that each token chooses:

    S_t = alpha_t (I - beta_t k_t k_t^T) S_{t-1} + beta_t k_t v_t^T,        o_t = S_t^T q_t,
    log alpha_t = -exp(A_log) * softplus(gate_t + dt_bias).

Inside a chunk, what token j wrote has faded at token i by alpha_{j+1} ... alpha_i. Those products are the exponentials
of differences of one cumulative sum of log alpha; with them, the corrections solve a unit lower triangular system as in
DeltaNet. By the known scores forgetting helps Fuzzy Recall most (.303 against DeltaNet's .190) and costs Compress
(.408 against .487).
"""

import torch
import torch.nn.functional as F

from agent.kernels import unit_lower_inverse

LEARNED_INPUTS = {"gate": "head"}
# The usual start: exp(A_log) in 1..16, and softplus(dt_bias) in 0.001..0.1, the step size where the gate is silent.
LEARNED_PARAMETERS = {
    "A_log": (("head",), (0.0, 2.77)),
    "dt_bias": (("head",), (-6.91, -2.25)),
}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, gate, A_log, dt_bias):
    """Read and write the memory along a sequence.

    q, k: (B, H, L, K) queries and keys, not yet normalised.
    v: (B, H, L, V) values.
    beta: (B, H, L) in (0, 1), how far each token moves the memory towards its value.
    gate: (B, H, L), raw; A_log, dt_bias: (B, H). Together they are each token's decay.
    initial_state: (B, H, K, V), the memory that an earlier call returned; None is an empty one.
    Returns o: (B, H, L, V) and the state after the last token, (B, H, K, V).
    """
    batch, heads, length, key_dim = q.shape
    q = F.normalize(q, dim=-1) * key_dim**-0.5
    k = F.normalize(k, dim=-1)

    log_decay = -A_log.exp().unsqueeze(-1) * F.softplus(gate + dt_bias.unsqueeze(-1))

    # Padding writes nothing and forgets nothing: its beta, its k and its log decay are zero.
    # Chunked tensors are (B, H, chunks, C, .).
    inputs = (q, k, v, beta.unsqueeze(-1), log_decay.unsqueeze(-1))
    q, k, v, beta, log_decay = (split_into_chunks(x, chunk_size) for x in inputs)

    # What is left at token i of the chunk's first memory, of token j's write, and at the chunk's end of token j's. The
    # future is masked before the exponential: there the differences are positive and could overflow.
    since_start = log_decay.cumsum(dim=-2)
    future = torch.ones(chunk_size, chunk_size, dtype=torch.bool, device=q.device).triu(1)
    between = (since_start - since_start.transpose(-1, -2)).masked_fill(future, -torch.inf).exp()
    to_end = (since_start[..., -1:, :] - since_start).exp()
    from_start = since_start.exp()

    # Each token's correction, had the chunk begun with an empty memory (u), and how it shrinks with what S holds (w).
    k_beta = k * beta
    T = unit_lower_inverse((between * (k_beta @ k.transpose(-1, -2))).tril(-1))
    u = T @ (v * beta)
    w = T @ (from_start * k_beta)
    within_chunk = between * (q @ k.transpose(-1, -2))
    q = from_start * q
    k = to_end * k
    whole_chunk = from_start[..., -1:, :]

    S = q.new_zeros(batch, heads, key_dim, v.shape[-1]) if initial_state is None else initial_state
    outputs = []
    chunks = zip(*(x.unbind(2) for x in (q, k, u, w, within_chunk, whole_chunk)), strict=True)
    for q_i, k_i, u_i, w_i, within_i, whole_i in chunks:
        # The memory as it stood before this chunk is all that the chunk may know of the past.
        error = u_i - w_i @ S
        outputs.append(q_i @ S + within_i @ error)
        S = whole_i * S + k_i.transpose(-1, -2) @ error

    o = torch.cat(outputs, dim=2)[:, :, :length]
    return o, S


def split_into_chunks(x, chunk_size):
    """(B, H, L, D) -> (B, H, ceil(L / C), C, D), the last chunk filled up with zeros."""
    padding = -x.shape[2] % chunk_size
    return (F.pad(x, (0, 0, 0, padding)) if padding else x).unflatten(2, (-1, chunk_size))
