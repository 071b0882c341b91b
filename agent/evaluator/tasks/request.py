"""What a task is asked for, what it gives back, and where its chance comes from."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from agent.evaluator.setting import Setting

IGNORE = -100  # the target of a position that is not scored; also what torch's cross_entropy ignores

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Examples:
    """N sequences of T tokens. The two may share memory, so treat both as read-only."""

    inputs: Tensor  # (N, T) int64
    targets: Tensor  # (N, T) int64, IGNORE where not scored


@dataclass(frozen=True)
class Request:
    """So many examples of a setting. `chance` is used up as numbers are drawn from it.

    With `scored` they are made and targeted as for a score, without it as for training.
    """

    setting: Setting
    count: int
    scored: bool
    world: int
    chance: torch.Generator

    def integers(self, below: int, columns: int) -> Tensor:
        """(N, columns) int64, uniform in [0, below)."""
        device = self.chance.device
        return torch.randint(below, (self.count, columns), generator=self.chance, device=device)

    def coins(self, probability: float, columns: int) -> Tensor:
        """(N, columns) bool, each true with this probability."""
        device = self.chance.device
        return torch.rand(self.count, columns, generator=self.chance, device=device) < probability

    def full(self, columns: int, token: int) -> Tensor:
        """(N, columns) int64, the same token everywhere."""
        return torch.full((self.count, columns), token, device=self.chance.device)


def chance_of(name: str, device: torch.device | str) -> torch.Generator:
    """A generator whose seed is a digest of a name: stable over processes, and unrelated for names that differ."""
    digest = hashlib.sha256(name.encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "little"))
