"""What is known of all moves at once: their effects on what is looked for, drawn from their joint posterior.

An effect is on the gain that the search's objective weighs (agent/science/objective.py), in units of the average's
accuracy.

The model is that of agent/science/effects.py with three differences. Two moves that some run made together have an
effect of their own, with a small prior. Priors have heavy tails (Student's distribution, as normal ones whose widths
are unknown too), centred at what a move's author expects but no further out than TRUST: so no author rules a move out,
and what a run shows is believed although nobody expected it. And how much moves do at all is unknown: one of SIZES
multiplies all widths (and, below 1, what authors expect), so that where nothing helps the best of many lucky scores is
not believed.

The size, the effects and their widths are drawn in turn (Gibbs sampling, as for the t model in Gelman et al., "Bayesian
Data Analysis", section 12.1). The last state is one draw from the joint posterior, and the conditional means average to
its mean. There are more effects than runs, so all algebra is on matrices of runs by runs (Bhattacharya et al. 2016,
"Fast sampling with Gaussian scale mixture priors in high-dimensional regression", algorithm 1).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.core.run import Run
from agent.science.comparison import Comparison
from agent.science.effects import Observed, made_of_moves
from agent.science.history import History, card_of
from agent.science.objective import LOG_ODDS_OF_AVERAGE, expected_gain

MOVE_STD = 0.03  # the usual size of a move's effect on the average
PAIR_STD = 0.01  # and of what two moves do to each other
SIZES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0)  # how many times that it may be, each as probable beforehand
RESIDUAL_STD = 0.005  # of what a run does that neither explains
TRUST = 0.03  # how far from nothing an author's expectation may place a move
TAILS = 3.0  # degrees of freedom of the priors
STRANGER_STD = 0.04  # of how far a variant that no moves made lies from the template
BURN, KEPT = 8, 16  # sweeps of the sampler
KEPT_TO_TELL = 120  # where the mean is told, and not only a draw needed

Pair = tuple[str, str]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Beliefs:
    """Effects on the average of moves, and of pairs of them that some run made together."""

    drawn: Mapping[str | Pair, float]  # one draw from all that is possible
    mean: Mapping[str | Pair, float]

    def expected(self, moves: Sequence[str]) -> float:
        """How far above the template a set of moves lies, by the posterior mean."""
        held = sorted(moves)
        parts: list[str | Pair] = [*held, *combinations(held, 2)]
        return sum(self.mean.get(part, 0.0) for part in parts)


def believe(history: History, expected: Mapping[str, Mapping[str, float]], draw: Random, kept: int = KEPT) -> Beliefs:
    """What the runs say of every move that its author expects something of, or that took part in a run.

    The mean is one over `kept` sweeps of the sampler.
    """
    runs, seen, noise = _observations(history)
    moves = sorted({*expected, *(move for run in runs for move in run.proposal.moves)})
    pairs = sorted({pair for run in runs for pair in combinations(sorted(run.proposal.moves), 2)})
    columns: list[str | Pair] = [*moves, *pairs]
    named = {task for each in expected.values() for task in each}
    tasks = list(card_of(history.baseline).tasks if history.baseline else named)
    foreseen = [expected_gain(expected.get(move, {}), history.objective, tasks) for move in moves]
    centres = [max(-TRUST, min(TRUST, each)) for each in foreseen]
    model = Model(
        design=_design(runs, columns),
        differences=seen,
        noise=noise,
        centres=np.array([*centres, *[0.0] * len(pairs)]),
        scales=np.array([*[MOVE_STD] * len(moves), *[PAIR_STD] * len(pairs)]),
    )
    chance = np.random.default_rng(draw.getrandbits(64))
    states = list(model.sweeps(chance, BURN + kept))
    mean = sum((state.mean for state in states[BURN:]), np.zeros(len(columns))) / kept
    return Beliefs(
        dict(zip(columns, states[-1].drawn.tolist(), strict=True)), dict(zip(columns, mean.tolist(), strict=True))
    )


def _observations(history: History) -> tuple[list[Run], Floats, Floats]:
    """What each score of a run that moves made says: whose it is, how far it lies from the template, and the covariance
    of the noise of all. A run that was trained on fresh seeds too has two; one that was stopped has that of its legs.

    The template's own noise is in all that are compared with the same score of it.
    """
    runs, template = made_of_moves(history, history.scored), history.baseline
    fresh = [(run, found) for run in runs if (found := history.judged_on_fresh_seeds(run)) is not None]
    known = [history.judge(run, template).in_average for run in runs if template is not None]
    parts = [
        (run, part.judged.in_average)
        for run in made_of_moves(history, history.stopped)
        if template is not None and (part := history.part(run, template)) is not None
    ]
    groups = [known, [found.in_average for _, found in fresh], [found for _, found in parts]]
    whose = [*runs, *(run for run, _ in fresh), *(run for run, _ in parts)]
    noise = np.zeros((len(whose), len(whose)))
    start = 0
    for group in groups:
        seen, end = Observed.of(group, RESIDUAL_STD), start + len(group)
        noise[start:end, start:end] = seen.template_error**2 + np.diag(seen.errors**2)
        start = end
    return whose, np.array([found.difference for group in groups for found in group]), noise


def _design(runs: Sequence[Run], columns: Sequence[str | Pair]) -> Floats:
    """Runs by columns: 1 where a run holds a move, or both moves of a pair."""
    place = {column: number for number, column in enumerate(columns)}
    design = np.zeros((len(runs), len(columns)))
    for row, run in enumerate(runs):
        held = sorted({*run.proposal.moves})
        parts: list[str | Pair] = [*held, *combinations(held, 2)]
        design[row, [place[part] for part in parts]] = 1.0
    return design


@dataclass(frozen=True)
class State:
    """One sweep of the sampler: the mean of all effects given their widths, and a draw of them."""

    mean: Floats
    drawn: Floats


@dataclass(frozen=True)
class Model:
    """A linear regression whose effects have Student's priors, all of one unknown size."""

    design: Floats  # observations by effects
    differences: Floats
    noise: Floats  # the covariance of the observations
    centres: Floats
    scales: Floats

    def unexpected(self, size: float) -> Floats:
        """How far each observation lies from what was expected beforehand."""
        return self.differences - min(1.0, size) * self._foreseen

    @cached_property
    def _foreseen(self) -> Floats:
        return self.design @ self.centres

    def sweeps(self, chance: np.random.Generator, count: int) -> Iterator[State]:
        """So many states, each drawn after the one before."""
        from scipy.linalg import cho_solve  # importing it takes a moment

        noisy = np.linalg.cholesky(self.noise)
        effects, observations = len(self.scales), len(self.differences)
        widths = np.ones(effects)
        for _ in range(count):
            size, factor = self._size((self.design * (widths * self.scales**2)) @ self.design.T, chance)
            prior = size**2 * widths * self.scales**2
            far = np.sqrt(prior) * chance.standard_normal(effects)
            unexpected, centres = self.unexpected(size), min(1.0, size) * self.centres
            missing = unexpected - self.design @ far - noisy @ chance.standard_normal(observations)
            solved = cho_solve((factor, True), np.stack([unexpected, missing], axis=1), check_finite=False)
            pulled = prior[:, None] * (self.design.T @ solved)
            drawn = far + pulled[:, 1]
            yield State(centres + pulled[:, 0], centres + drawn)
            squares = (drawn / (size * self.scales)) ** 2
            widths = (TAILS + squares) / 2 / chance.gamma((TAILS + 1) / 2, size=effects)

    def _size(self, spread: Floats, chance: np.random.Generator) -> tuple[float, Floats]:
        """A draw of the size, by how well each explains the observations whatever the effects are, and the Cholesky
        factor of the observations' covariance under it; `spread` is the effects' share of that where the size is 1."""
        from scipy.linalg import solve_triangular

        factors: list[Floats] = []
        logs = []
        for size in SIZES:
            factor: Floats = np.linalg.cholesky(size**2 * spread + self.noise)
            factors.append(factor)
            rest = solve_triangular(factor, self.unexpected(size), lower=True, check_finite=False)
            logs.append(-rest @ rest / 2 - np.log(np.diagonal(factor)).sum())
        weights = np.exp(np.array(logs) - max(logs))
        chosen = int(chance.choice(len(SIZES), p=weights / weights.sum()))
        return SIZES[chosen], factors[chosen]


def shrunken_margins(history: History) -> dict[str, float]:
    """Run id -> its probable gain over the template by the objective, by all runs at once; of the scored runs.

    In log-odds, or in accuracy where the objective is the average.

    The best of many scores is mostly a lucky one. A run that moves made is drawn towards what its moves do in other
    runs, any other towards nothing. What was measured on fresh seeds counts as well.
    """
    baseline = history.baseline
    if baseline is None:
        return {}
    beliefs = believe(history, {}, Random(0), KEPT_TO_TELL)
    made = {run.id for run in made_of_moves(history, history.scored)}
    found = {baseline.id: 0.0}
    unit = LOG_ODDS_OF_AVERAGE if history.judge(baseline, baseline).in_log_odds else 1.0
    for run in history.scored:
        if run.id in made:
            found[run.id] = beliefs.expected(run.proposal.moves)
        elif run.id != baseline.id:
            judged = history.judge(run, baseline), history.judged_on_fresh_seeds(run)
            found[run.id] = _stranger([each.in_average for each in judged if each is not None])
    return {run_id: unit * margin for run_id, margin in found.items()}


def _stranger(seen: Sequence[Comparison]) -> float:
    """How far a variant that no moves made probably lies from the template, by its scores."""
    each = [Observed.of([comparison], 0.0) for comparison in seen]
    weights = [1 / float(one.errors[0] ** 2 + one.template_error**2) for one in each]
    pull = sum(weight * comparison.difference for weight, comparison in zip(weights, seen, strict=True))
    return pull / (sum(weights) + 1 / STRANGER_STD**2)
