"""AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) over the rows of a stack, a rate and a decay for each row."""

from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


@dataclass
class StackedAdamW:
    """The optimiser's memory, (R, P) each, and for every replica, (R, 1), its rate and its schedule.

    The rate is constant, or falls to zero by a half cosine over `horizon` steps. `decay` is that of each weight,
    (R, P); None where no replica has any.
    """

    rate: Tensor
    decay: Tensor | None
    horizon: Tensor | None
    mean: Tensor
    square: Tensor
    taken: int = 0

    @classmethod
    def start(
        cls,
        rows: Tensor,
        rates: list[float],
        decays: list[float],
        decaying: Tensor,
        horizons: list[int] | None = None,
    ) -> "StackedAdamW":
        """A rate and a decay for each replica; only the weights that are `decaying`, (P,), feel the decay."""

        def column(numbers: list[float] | list[int]) -> Tensor:
            return torch.tensor(numbers, dtype=rows.dtype, device=rows.device)[:, None]

        horizon = column(horizons) if horizons else None
        decay = column(decays) * decaying.to(rows) if any(decays) else None
        return cls(column(rates), decay, horizon, torch.zeros_like(rows), torch.zeros_like(rows))

    def step(self, rows: Tensor, grad: Tensor) -> None:
        """Move every row in place. `grad` is used as scratch."""
        rate = self.rate
        if self.horizon is not None:
            rate = rate * (1 + torch.cos(pi * self.taken / self.horizon)) / 2
        self.taken += 1
        self.mean.lerp_(grad, 1 - BETA1)
        self.square.mul_(BETA2).addcmul_(grad, grad, value=1 - BETA2)
        correction1, correction2 = 1 - BETA1**self.taken, 1 - BETA2**self.taken
        denominator = torch.sqrt(self.square, out=grad).div_(correction2**0.5).add_(EPS)
        if self.decay is not None:
            rows.mul_(1 - rate * self.decay)
        rows.addcmul_(torch.div(self.mean, denominator, out=grad), rate, value=-1 / correction1)

    def keep(self, kept: Tensor) -> None:
        """Go on with the rows `kept` alone."""
        self.rate, self.mean, self.square = (column[kept] for column in (self.rate, self.mean, self.square))
        self.decay = None if self.decay is None else self.decay[kept]
        self.horizon = None if self.horizon is None else self.horizon[kept]
