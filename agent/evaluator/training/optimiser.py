"""AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) over the rows of a stack, a rate and a decay for each row."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from agent.kernels.adamw import BETA1, BETA2, adamw_step


@dataclass
class StackedAdamW:
    """The optimiser's memory, (R, P) each, and the rate of every replica, (R, 1), which stays as it is.

    `decay` is that of each weight, (R, P); None where no replica has any. `begun`, (R, 1), is how many steps had been
    taken when each row began; None while all began at once.
    """

    rate: Tensor
    decay: Tensor | None
    mean: Tensor
    square: Tensor
    decaying: Tensor  # (P,), 1 for the weights that feel it
    taken: int = 0
    begun: Tensor | None = None

    @classmethod
    def start(
        cls,
        rows: Tensor,
        rates: list[float],
        decays: list[float],
        decaying: Tensor,
        later: Sequence[float] = (),
    ) -> "StackedAdamW":
        """A rate and a decay for each replica; only the weights that are `decaying`, (P,), feel the decay.

        `later` are the decays of those that may take a row's place.
        """

        def column(numbers: list[float]) -> Tensor:
            return torch.tensor(numbers, dtype=rows.dtype, device=rows.device)[:, None]

        decaying = decaying.to(rows)
        decay = column(decays) * decaying if any((*decays, *later)) else None
        return cls(column(rates), decay, torch.zeros_like(rows), torch.zeros_like(rows), decaying)

    def step(self, rows: Tensor, grad: Tensor, share: Tensor | None = None) -> None:
        """Move every row in place. `grad` is used as scratch; of its rate each row takes a `share`, (R, 1), or all."""
        self.taken += 1
        corrected, value, root = self._corrected(rows.dtype)
        rate = self.rate
        if share is not None:
            rate, corrected = rate * share, corrected * share
        adamw_step(rows, grad, self.mean, self.square, self.decay, rate, corrected, value, root)

    def _corrected(self, dtype: torch.dtype) -> tuple[Tensor, float, Tensor | float]:
        """The rate, what it is multiplied by, and the root of the second correction; of each row's own steps."""
        if self.begun is None:
            return self.rate, -1 / (1 - BETA1**self.taken), (1 - BETA2**self.taken) ** 0.5
        own = self.taken - self.begun
        return (self.rate / (1 - BETA1**own)).to(dtype), -1.0, (1 - BETA2**own).sqrt().to(dtype)

    def begin(self, row: int, rate: float, decay: float) -> None:
        """Another replica begins in a row."""
        if self.begun is None:
            self.begun = torch.zeros(self.rate.shape, dtype=torch.float64, device=self.rate.device)
        self.begun[row] = self.taken
        self.rate[row] = rate
        self.mean[row] = 0.0
        self.square[row] = 0.0
        if self.decay is not None:
            self.decay[row] = decay * self.decaying

    def keep(self, kept: Tensor) -> None:
        """Go on with the rows `kept` alone."""
        self.rate, self.mean, self.square = (column[kept] for column in (self.rate, self.mean, self.square))
        self.decay = None if self.decay is None else self.decay[kept]
        self.begun = None if self.begun is None else self.begun[kept]
