"""Where each weight of a network stands in one flat row, and how it begins.

All replicas of a stack live in one (R, P) tensor. Leaving a solved replica out, keeping its best weights, one optimiser
step for all and writing it to disk are then each one operation on rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import Literal

import torch
from torch import Tensor

from agent.evaluator.tasks.draw import chance_of


@dataclass(frozen=True)
class Parameter:
    """One weight: its shape, and the distribution of its initial values.

    "uniform" draws from [low, high], "normal" with mean `low` and standard deviation `high`. A weight whose rows are
    tokens (`by_token`) is drawn for the tokens of the replica's own vocabulary; rows beyond it stay zero and unused.
    Weight decay pulls on matrices alone: a gain, a bias or a decay rate of a variant's own does not belong at zero.
    `parts` names successive groups of rows, (name, rows), that are drawn apart; without any the whole is drawn at once.
    """

    name: str
    shape: tuple[int, ...]
    distribution: Literal["uniform", "normal"]
    low: float
    high: float
    by_token: bool = False
    decays: bool = True
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def size(self) -> int:
        return prod(self.shape)

    def draw_into(self, weight: Tensor, replica: str) -> None:
        """Fill a weight, or of one by token the rows in use, with the initial values of a replica of this name."""
        names = [f"{self.name}.{part}" for part, _ in self.parts] or [self.name]
        sizes = [rows for _, rows in self.parts] or [len(weight)]
        for name, rows in zip(names, weight.split(sizes), strict=True):
            fill = rows.uniform_ if self.distribution == "uniform" else rows.normal_
            fill(self.low, self.high, generator=chance_of(f"{replica}, {name}", "cpu"))


class Layout:
    """The order of a network's weights in a row of P numbers."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = tuple(parameters)
        ends = list(accumulate(parameter.size for parameter in parameters))
        self.offsets = (0, *ends[:-1])
        self.size = ends[-1]

    @property
    def decaying(self) -> Tensor:
        """(P,): 1 where weight decay pulls on a weight, else 0."""
        return torch.cat([torch.full((parameter.size,), float(parameter.decays)) for parameter in self.parameters])

    def views(self, rows: Tensor) -> dict[str, Tensor]:
        """(R, P) -> name -> (R, *shape), each a view: writing to one writes to the row."""
        return {
            parameter.name: rows[:, offset : offset + parameter.size].unflatten(1, parameter.shape)
            for parameter, offset in zip(self.parameters, self.offsets, strict=True)
        }

    def initial_row(self, vocab: int, replica: str, dtype: torch.dtype = torch.float32) -> Tensor:
        """A fresh replica, (P,) on the CPU: the same for a name of the replica whatever it is stacked with.

        Each weight is drawn by its own name and the replica's. Two variants therefore begin alike in all weights that
        both have, whatever else one of them declares, and their scores of one seed can be compared as a pair.
        """
        row = torch.zeros(1, self.size, dtype=dtype)
        views: Mapping[str, Tensor] = self.views(row)
        for parameter in self.parameters:
            weight = views[parameter.name][0]
            parameter.draw_into(weight[:vocab] if parameter.by_token else weight, replica)
        return row[0]


def linear(name: str, outputs: int, inputs: int, std: float | None = None, by_token: bool = False) -> Parameter:
    """A weight matrix (out, in): PyTorch's default U(±in^-1/2), or N(0, std)."""
    bound = inputs**-0.5
    if std is None:
        return Parameter(name, (outputs, inputs), "uniform", -bound, bound, by_token)
    return Parameter(name, (outputs, inputs), "normal", 0.0, std, by_token)


def constant(name: str, shape: tuple[int, ...], value: float) -> Parameter:
    """A gain or a bias: every element begins at one value."""
    return Parameter(name, shape, "uniform", value, value, decays=False)
