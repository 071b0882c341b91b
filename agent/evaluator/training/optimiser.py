"""AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) over the rows of a stack, a rate and a decay for each row."""

from dataclasses import dataclass

import torch
from torch import Tensor

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


@dataclass
class StackedAdamW:
    """The optimiser's memory, (R, P) each, and the rate of every replica, (R, 1), which stays as it is.

    `decay` is that of each weight, (R, P); None where no replica has any.
    """

    rate: Tensor
    decay: Tensor | None
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
    ) -> "StackedAdamW":
        """A rate and a decay for each replica; only the weights that are `decaying`, (P,), feel the decay."""

        def column(numbers: list[float]) -> Tensor:
            return torch.tensor(numbers, dtype=rows.dtype, device=rows.device)[:, None]

        decay = column(decays) * decaying.to(rows) if any(decays) else None
        return cls(column(rates), decay, torch.zeros_like(rows), torch.zeros_like(rows))

    def step(self, rows: Tensor, grad: Tensor) -> None:
        """Move every row in place. `grad` is used as scratch."""
        self.taken += 1
        self.mean.lerp_(grad, 1 - BETA1)
        self.square.mul_(BETA2).addcmul_(grad, grad, value=1 - BETA2)
        correction1, correction2 = 1 - BETA1**self.taken, 1 - BETA2**self.taken
        denominator = torch.sqrt(self.square, out=grad).div_(correction2**0.5).add_(EPS)
        if self.decay is not None:
            rows.mul_(1 - self.rate * self.decay)
        rows.addcmul_(torch.div(self.mean, denominator, out=grad), self.rate, value=-1 / correction1)

    def keep(self, kept: Tensor) -> None:
        """Go on with the rows `kept` alone."""
        self.rate, self.mean, self.square = (column[kept] for column in (self.rate, self.mean, self.square))
        self.decay = None if self.decay is None else self.decay[kept]
