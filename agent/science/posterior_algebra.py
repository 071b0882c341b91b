"""The algebra of a regression whose priors have certain widths, on whichever matrices are the smaller.

With fewer observations than effects these are of observations by observations (Bhattacharya et al. 2016, "Fast sampling
with Gaussian scale mixture priors in high-dimensional regression", algorithm 1), else of effects by effects, which stay
as small however long a search lasts. By the Woodbury identity both give the same.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.science.regression import Floats, Regression


def algebra_of(model: Regression) -> "Algebra":
    """The one on the smaller matrices."""
    return ByEffects(model) if len(model.scales) < len(model.differences) else ByObservations(model)


class Algebra(ABC):
    """What the sampler needs of a regression whose effects have certain widths."""

    def __init__(self, model: Regression, side: int) -> None:
        """The matrices of all sizes have `side` rows."""
        self.model = model
        self.side = side
        self.room: dict[float, Floats] = {}  # as new memory costs as much as what is written there
        self.factors: dict[float, Floats] = {}

    def take(self, widths: Floats) -> None:
        """From now on the effects have these widths."""
        self.widths = widths
        self.factors = {}

    def factor(self, size: float) -> Floats:
        """The lower Cholesky factor for that size."""
        if size not in self.factors:
            matrix = self.room.setdefault(size, np.empty((self.side, self.side)))
            self.write(size, matrix)
            self.factors[size] = _factor(matrix)
        return self.factors[size]

    @abstractmethod
    def write(self, size: float, matrix: Floats) -> None:
        """What is factorised for that size, on the diagonal and above it, into a matrix of anything."""

    @abstractmethod
    def log_likelihood(self, size: float) -> float:
        """Of the observations, whatever the effects are; up to a number that no size changes."""

    @abstractmethod
    def pull(self, size: float, observed: Floats) -> Floats:
        """(observations, 2) -> (effects and common errors, 2): where each column draws the effects to."""


class ByObservations(Algebra):
    """For the covariance of the observations, K = I + A P A^T of the weighed design A and the priors' variances P."""

    def __init__(self, model: Regression) -> None:
        super().__init__(model, len(model.differences))
        common = model.weighed[:, len(model.scales) :].toarray()
        self.own = np.eye(self.side) + common @ common.T
        self.shared = Shared.of(model.weighed[:, : len(model.scales)])

    def take(self, widths: Floats) -> None:
        super().take(widths)
        self.of_effects = self.shared.summed(self.model.stds(1.0, widths)[: len(widths)] ** 2)

    def write(self, size: float, matrix: Floats) -> None:
        np.multiply(self.of_effects, size**2, out=matrix)
        matrix += self.own

    def log_likelihood(self, size: float) -> float:
        rest = _forward(self.factor(size), self.model.unexpected(size))
        return float(-rest @ rest / 2 - np.log(np.diagonal(self.factor(size))).sum())

    def pull(self, size: float, observed: Floats) -> Floats:
        variances = self.model.stds(size, self.widths)[:, None] ** 2
        found: Floats = variances * (self.model.weighed.T @ _solved(self.factor(size), observed))
        return found


@dataclass(frozen=True)
class Shared:
    """Each effect that two observations have in common, or one has: of which two, and the product of what they weigh.

    A run holds few of the moves, so these are few beside observations by observations by effects.
    """

    observations: int
    cell: NDArray[np.intp]  # first observation * observations + second, which is the later one or the same
    effect: NDArray[np.intp]
    product: Floats

    @classmethod
    def of(cls, design: Any) -> "Shared":
        by_effect = design.tocsc()
        row, weight, count = by_effect.indices, by_effect.data, np.diff(by_effect.indptr)
        effect = np.repeat(np.arange(len(count)), count)
        partners = count[effect]  # of each entry: as many as its effect has observations
        one = np.repeat(np.arange(len(row)), partners)
        other = np.arange(len(one)) - np.repeat(np.cumsum(partners) - partners - by_effect.indptr[effect], partners)
        later = row[one] <= row[other]
        one, other = one[later], other[later]
        cell = row[one].astype(np.intp) * design.shape[0] + row[other]
        return cls(design.shape[0], cell, effect[one], weight[one] * weight[other])

    def summed(self, variances: Floats) -> Floats:
        """Observations by observations, above the diagonal and on it: A P A^T of the variances P of the effects."""
        flat = np.bincount(self.cell, self.product * variances[self.effect], self.observations**2)
        return flat.astype(np.float64, copy=False).reshape(self.observations, self.observations)


class ByEffects(Algebra):
    """For the precision of the effects, B = A^T A + P^-1 of the weighed design A and the priors' variances P: what is
    as long as the search is summed up once, in A^T A."""

    def __init__(self, model: Regression) -> None:
        super().__init__(model, len(model.scales) + model.common.shape[1])
        self.gram = (model.weighed.T @ model.weighed).toarray()

    def write(self, size: float, matrix: Floats) -> None:
        np.copyto(matrix, self.gram)
        np.einsum("ii->i", matrix)[:] += 1 / self.model.stds(size, self.widths) ** 2

    def log_likelihood(self, size: float) -> float:
        unexpected = self.model.unexpected(size)
        rest = _forward(self.factor(size), self.model.weighed.T @ unexpected)
        squares = unexpected @ unexpected - rest @ rest
        scaled = np.diagonal(self.factor(size)) * self.model.stds(size, self.widths)
        return float(-squares / 2 - np.log(scaled).sum())

    def pull(self, size: float, observed: Floats) -> Floats:
        return _solved(self.factor(size), self.model.weighed.T @ observed)


def _factor(matrix: Floats) -> Floats:
    """The lower Cholesky factor of a symmetric matrix, in whose room it is written; what is below the diagonal does not
    matter.

    Of 470 effects SciPy's takes a third of the time of NumPy's, on one thread; up to 300 both take as long.
    """
    from scipy.linalg import cholesky

    found: Floats = cholesky(matrix.T, lower=True, overwrite_a=True, check_finite=False)
    return found


def _forward(factor: Floats, right: Floats) -> Floats:
    """The solution with a lower Cholesky factor alone."""
    from scipy.linalg import solve_triangular  # importing it takes a moment

    found: Floats = solve_triangular(factor, right, lower=True, check_finite=False)
    return found


def _solved(factor: Floats, right: Floats) -> Floats:
    """The solution with the matrix of a lower Cholesky factor."""
    from scipy.linalg import cho_solve

    found: Floats = cho_solve((factor, True), right, check_finite=False)
    return found
