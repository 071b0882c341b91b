"""What chunkwise ops do with a sequence: cut it into chunks, and turn each token's decay into those between tokens."""

import torch
import torch.nn.functional as F
from torch import Tensor


def split_into_chunks(x: Tensor, chunk_size: int) -> Tensor:
    """(B, H, L, D) -> (B, H, ceil(L / C), C, D), the last chunk filled up with zeros."""
    padding = -x.shape[2] % chunk_size
    return (F.pad(x, (0, 0, 0, padding)) if padding else x).unflatten(2, (-1, chunk_size))


def decay_between(log_decay: Tensor) -> tuple[Tensor, Tensor]:
    """What is left of a memory after some tokens, by each token's log decay of it: (..., C, 1), at most 0.

    Returns, with G the cumulative sum of the log decays: exp(G_t - G_s) for s <= t and 0 for s > t, (..., C, C), what
    token t finds of token s's write; and exp(G_t), (..., C, 1), what token t finds of the memory before the chunk.
    The future is masked before the exponential: there the differences are positive and could overflow.
    """
    total = log_decay.cumsum(dim=-2)
    size = total.shape[-2]
    future = torch.ones(size, size, dtype=torch.bool, device=total.device).triu(1)
    return (total - total.transpose(-1, -2)).masked_fill(future, -torch.inf).exp(), total.exp()


def channel_decay_between(log_decay: Tensor) -> tuple[Tensor, Tensor]:
    """The same of a decay that each channel has of its own: (..., C, K) -> (..., C, C, K) and (..., C, K)."""
    total = log_decay.cumsum(dim=-2)
    size = total.shape[-2]
    future = torch.ones(size, size, dtype=torch.bool, device=total.device).triu(1).unsqueeze(-1)
    return (total.unsqueeze(-2) - total.unsqueeze(-3)).masked_fill(future, -torch.inf).exp(), total.exp()
