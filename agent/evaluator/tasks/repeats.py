"""Which keys of a sequence were shown before in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def shown_before(keys: Tensor) -> Tensor:
    """(N, S) integers -> (N, S) bool: true where an earlier slot of the row holds the same key."""
    import torch

    # A stable sort puts equal keys side by side with the earliest first; all but that one repeat their neighbour.
    in_order, slots = keys.sort(dim=1, stable=True)
    repeats = torch.zeros_like(keys, dtype=torch.bool)
    repeats[:, 1:] = in_order[:, 1:] == in_order[:, :-1]
    return torch.empty_like(repeats).scatter_(1, slots, repeats)
