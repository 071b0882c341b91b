"""Effects drawn from their joint posterior: a linear regression with heavy-tailed priors, all of one unknown size.

The size, the effects and their widths are drawn in turn (Gibbs sampling, as for the t model in Gelman et al., "Bayesian
Data Analysis", section 12.1). The last state is one draw from the joint posterior, and the conditional means average to
its mean. The size is drawn with the effects integrated out, from what each size makes of the observations. That costs a
factorisation for each, so the first sweep draws from all, and then every SIZE_EVERY-th asks about a neighbour alone
(Metropolis et al. 1953). Of 24 sweeps the last size was distributed as those of 2,400, in nine histories of 10 to 60
rows.

With fewer observations than effects the algebra is on matrices of observations by observations (Bhattacharya et al.
2016, "Fast sampling with Gaussian scale mixture priors in high-dimensional regression", algorithm 1), else on
matrices of effects by effects, which stay as small however long a search lasts. By the Woodbury identity both give the
same for the same random numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

SIZES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0)  # how many times the prior widths may be, each as probable beforehand
TAILS = 3.0  # degrees of freedom of the priors
SIZE_EVERY = 2  # sweeps

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class State:
    """One sweep of the sampler: the mean of all effects given their widths, and a draw of them."""

    mean: Floats
    drawn: Floats


@dataclass(frozen=True)
class Model:
    """A linear regression whose effects have Student's priors, all of one unknown size.

    All lists are dense but `design`, a sparse matrix of SciPy: a run holds few of the moves.
    """

    design: Any  # observations by effects
    differences: Floats
    errors: Floats  # the standard error that an observation has alone
    common: Floats  # observations by errors that several have in common: the standard error of each where it has it
    centres: Floats
    scales: Floats

    @cached_property
    def weighed(self) -> Any:
        """Observations by effects and common errors, in units of each observation's own error."""
        from scipy.sparse import csr_array, hstack

        return hstack([self.design, csr_array(self.common)], format="csr").multiply(1 / self.errors[:, None]).tocsr()

    def unexpected(self, size: float) -> Floats:
        """How far each observation lies from what was expected beforehand, in units of its own error."""
        return (self.differences - min(1.0, size) * self._foreseen) / self.errors

    @cached_property
    def _foreseen(self) -> Floats:
        found: Floats = self.design @ self.centres
        return found

    def stds(self, size: float, widths: Floats) -> Floats:
        """Those of all priors, the common errors' last, which no size scales."""
        return np.concatenate([size * np.sqrt(widths) * self.scales, np.ones(self.common.shape[1])])

    def sweeps(self, chance: np.random.Generator, count: int) -> list[State]:
        """So many states, each drawn after the one before."""
        with _blas().limit(limits=1):
            return list(self._swept(chance, count))

    def _swept(self, chance: np.random.Generator, count: int) -> Iterator[State]:
        effects, observations = len(self.scales), len(self.differences)
        algebra: Algebra = ByEffects(self) if effects < observations else ByObservations(self)
        widths, size = np.ones(effects), 1.0
        for sweep in range(count):
            algebra.take(widths)
            if sweep == 0:
                size = any_size(algebra, chance)
            elif sweep % SIZE_EVERY == 0:
                size = next_size(algebra, size, chance)
            stds = self.stds(size, widths)
            far = stds * chance.standard_normal(len(stds))
            unexpected = self.unexpected(size)
            missing = unexpected - self.weighed @ far - chance.standard_normal(observations)
            pulled = algebra.pull(size, np.stack([unexpected, missing], axis=1))[:effects]
            drawn = far[:effects] + pulled[:, 1]
            centres = min(1.0, size) * self.centres
            yield State(centres + pulled[:, 0], centres + drawn)
            squares = (drawn / (size * self.scales)) ** 2
            widths = (TAILS + squares) / 2 / chance.gamma((TAILS + 1) / 2, size=effects)


class Algebra(Protocol):
    """What the sampler needs of a model whose effects have certain widths."""

    def take(self, widths: Floats) -> None:
        """From now on the effects have these widths."""
        ...

    def log_likelihood(self, size: float) -> float:
        """Of the observations, whatever the effects are; up to a number that no size changes."""
        ...

    def pull(self, size: float, observed: Floats) -> Floats:
        """(observations, 2) -> (effects and common errors, 2): where each column draws the effects to."""
        ...


class ByObservations:
    """For the covariance of the observations, K = I + A P A^T of the weighed design A and the priors' variances P."""

    def __init__(self, model: Model) -> None:
        self.model = model
        common = model.weighed[:, len(model.scales) :].toarray()
        self.own = np.eye(len(model.differences)) + common @ common.T
        self.shared = Shared.of(model.weighed[:, : len(model.scales)])
        self.room: dict[float, Floats] = {}

    def take(self, widths: Floats) -> None:
        self.widths = widths
        self.of_effects = self.shared.summed(self.model.stds(1.0, widths)[: len(widths)] ** 2)
        self.factors: dict[float, Floats] = {}

    def factor(self, size: float) -> Floats:
        if size not in self.factors:
            covariance = np.multiply(self.of_effects, size**2, out=self.room.setdefault(size, np.empty_like(self.own)))
            covariance += self.own
            self.factors[size] = _factor(covariance)
        return self.factors[size]

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


class ByEffects:
    """For the precision of the effects, B = A^T A + P^-1 of the weighed design A and the priors' variances P: what is
    as long as the search is summed up once, in A^T A."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.gram = (model.weighed.T @ model.weighed).toarray()
        self.room: dict[float, Floats] = {}

    def take(self, widths: Floats) -> None:
        self.widths = widths
        self.factors: dict[float, Floats] = {}

    def factor(self, size: float) -> Floats:
        if size not in self.factors:
            precision = self.room.setdefault(size, np.empty_like(self.gram))
            np.copyto(precision, self.gram)
            np.einsum("ii->i", precision)[:] += 1 / self.model.stds(size, self.widths) ** 2
            self.factors[size] = _factor(precision)
        return self.factors[size]

    def log_likelihood(self, size: float) -> float:
        unexpected = self.model.unexpected(size)
        rest = _forward(self.factor(size), self.model.weighed.T @ unexpected)
        squares = unexpected @ unexpected - rest @ rest
        scaled = np.diagonal(self.factor(size)) * self.model.stds(size, self.widths)
        return float(-squares / 2 - np.log(scaled).sum())

    def pull(self, size: float, observed: Floats) -> Floats:
        return _solved(self.factor(size), self.model.weighed.T @ observed)


@cache
def _blas() -> ThreadpoolController:
    """The libraries of linear algebra, held to one thread here: beside the trainings of a night, which use all cores,
    the threads of one factorisation wait for each other (of 380 effects 17 ms for 3, on two cores that both train)."""
    import scipy.linalg  # noqa: F401 - its library counts too, once it is there

    return ThreadpoolController().select(user_api="blas")


def any_size(algebra: Algebra, chance: np.random.Generator) -> float:
    """A draw of the size, by how well each explains the observations whatever the effects are."""
    logs = np.array([algebra.log_likelihood(size) for size in SIZES])
    weights = np.exp(logs - logs.max())
    return SIZES[int(chance.choice(len(SIZES), p=weights / weights.sum()))]


def next_size(algebra: Algebra, size: float, chance: np.random.Generator) -> float:
    """The size or one of its neighbours, by Metropolis' rule: in the long run a draw from the same distribution."""
    place = SIZES.index(size) + (1 if chance.random() < 0.5 else -1)
    if not 0 <= place < len(SIZES):
        return size
    gained = algebra.log_likelihood(SIZES[place]) - algebra.log_likelihood(size)
    return SIZES[place] if np.log(1.0 - chance.random()) < gained else size


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
