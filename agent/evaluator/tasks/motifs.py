"""Motifs, the keys and values of Fuzzy Recall: ordered tuples of one to three tokens that repeat no token.

A motif is kept as one integer, its code, so that drawing, comparing and storing motifs are single tensor operations.
The code is 4 * rank + length, where the rank numbers the motifs of that length from zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import perm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

CHANCE = 2**63 - 1  # motifs are picked with uniform integers below this
RANK_BITS = 40  # of which so many decide the rank, and the 23 above them the length


@dataclass(frozen=True)
class Motifs:
    """All motifs of up to `longest` of the tokens first, first + 1, ..., first + size - 1."""

    first: int
    size: int
    longest: int

    def pick(self, chance: Tensor) -> Tensor:
        """Uniform integers -> codes: the length uniform in 1..longest, then the motif uniform among those."""
        import torch

        length = 1 + scaled(chance >> RANK_BITS, 63 - RANK_BITS, self.longest)
        count = torch.tensor([perm(self.size, n) for n in range(self.longest + 1)], device=chance.device)
        return self._code(chance, length, count[length])

    def pick_longest(self, chance: Tensor) -> Tensor:
        """Uniform integers -> codes of motifs that all have the full length."""
        return self._code(chance, self.longest, perm(self.size, self.longest))

    def _code(self, chance: Tensor, length: Tensor | int, count: Tensor | int) -> Tensor:
        rank = scaled(chance & (2**RANK_BITS - 1), RANK_BITS, count)
        return 4 * rank + length

    def length(self, codes: Tensor) -> Tensor:
        return codes & 3

    def tokens(self, codes: Tensor) -> Iterator[Tensor]:
        """The first token of each motif, then the second, up to the longest; beyond a motif's length they are junk."""
        rank = codes >> 2
        taken: list[Tensor] = []  # the tokens so far, in ascending order
        for free in range(self.size, self.size - self.longest, -1):
            # A digit of the rank says which of the free tokens is meant; each taken one at or below shifts it up.
            rest = rank // free
            token = rank - rest * free
            rank = rest
            for other in taken:
                token = token + (token >= other)
            yield self.first + token
            taken = insert(taken, token)


def scaled(chance: Tensor, bits: int, below: Tensor | int) -> Tensor:
    """Uniform integers of so many bits -> uniform in [0, below), many times faster than by a remainder."""
    return (chance * below) >> bits


def insert(ascending: list[Tensor], token: Tensor) -> list[Tensor]:
    """Elementwise: the list with one more tensor, still ascending."""
    import torch

    result = []
    for other in ascending:
        result.append(torch.minimum(other, token))
        token = torch.maximum(other, token)
    return [*result, token]
