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


@dataclass(frozen=True)
class Parameter:
    """One weight: its shape, and the distribution of its initial values.

    "uniform" draws from [low, high], "normal" with mean `low` and standard deviation `high`. A weight whose rows are
    tokens (`by_token`) is drawn for the tokens of the replica's own vocabulary; rows beyond it stay zero and unused.
    Weight decay pulls on matrices alone: a gain, a bias or a decay rate of a variant's own does not belong at zero.
    """

    name: str
    shape: tuple[int, ...]
    distribution: Literal["uniform", "normal"]
    low: float
    high: float
    by_token: bool = False
    decays: bool = True

    @property
    def size(self) -> int:
        return prod(self.shape)


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

    def initial_row(self, vocab: int, generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """A fresh replica, (P,) on the CPU; the same for a generator's seed whatever it is stacked with."""
        row = torch.zeros(1, self.size, dtype=dtype)
        views: Mapping[str, Tensor] = self.views(row)
        for parameter in self.parameters:
            weight = views[parameter.name][0]
            own = weight[:vocab] if parameter.by_token else weight
            fill = own.uniform_ if parameter.distribution == "uniform" else own.normal_
            fill(parameter.low, parameter.high, generator=generator)
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
