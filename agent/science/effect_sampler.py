"""Effects drawn from their joint posterior: a linear regression with heavy-tailed priors, all of one unknown size.

The size, the effects and their widths are drawn in turn (Gibbs sampling, as for the t model in Gelman et al., "Bayesian
Data Analysis", section 12.1). The last state is one draw from the joint posterior, and the conditional means average to
its mean. The size is drawn with the effects integrated out, from what each size makes of the observations. That costs a
factorisation for each, so the first sweep draws from all, and then every SIZE_EVERY-th asks about a neighbour alone
(Metropolis et al. 1953). Of 24 sweeps the last size was distributed as those of 2,400, in nine histories of 10 to 60
rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from agent.science.posterior_algebra import Algebra, algebra_of
from agent.science.regression import Floats, Regression

SIZES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0)  # how many times the prior widths may be, each as probable beforehand
TAILS = 3.0  # degrees of freedom of the priors
SIZE_EVERY = 2  # sweeps


@dataclass(frozen=True)
class State:
    """One sweep of the sampler: the mean of all effects given their widths, and a draw of them."""

    mean: Floats
    drawn: Floats


def sweeps(model: Regression, chance: np.random.Generator, count: int) -> list[State]:
    """So many states, each drawn after the one before."""
    with _blas().limit(limits=1):
        return list(_swept(model, algebra_of(model), chance, count))


def _swept(model: Regression, algebra: Algebra, chance: np.random.Generator, count: int) -> Iterator[State]:
    effects, observations = len(model.scales), len(model.differences)
    widths, size = np.ones(effects), 1.0
    for sweep in range(count):
        algebra.take(widths)
        if sweep == 0:
            size = any_size(algebra, chance)
        elif sweep % SIZE_EVERY == 0:
            size = next_size(algebra, size, chance)
        stds = model.stds(size, widths)
        far = stds * chance.standard_normal(len(stds))
        unexpected = model.unexpected(size)
        missing = unexpected - model.weighed @ far - chance.standard_normal(observations)
        pulled = algebra.pull(size, np.stack([unexpected, missing], axis=1))[:effects]
        drawn = far[:effects] + pulled[:, 1]
        centres = min(1.0, size) * model.centres
        yield State(centres + pulled[:, 0], centres + drawn)
        squares = (drawn / (size * model.scales)) ** 2
        widths = (TAILS + squares) / 2 / chance.gamma((TAILS + 1) / 2, size=effects)


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


@cache
def _blas() -> ThreadpoolController:
    """The libraries of linear algebra, held to one thread here: beside the trainings of a night, which use all cores,
    the threads of one factorisation wait for each other (of 380 effects 17 ms for 3, on two cores that both train)."""
    import scipy.linalg  # noqa: F401 - its library counts too, once it is there

    return ThreadpoolController().select(user_api="blas")
