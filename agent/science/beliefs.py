"""What is known of all moves at once: their effects on the average, drawn and averaged from the joint posterior.

The model is that of agent/science/effects.py with two differences. Two moves that some run made together have an effect
of their own, with a small prior. And priors have heavy tails (Student's distribution, as normal ones whose widths are
unknown too), centred at what a move's author expects but no further out than TRUST: so no author rules a move out, and
what a run shows is believed although nobody expected it.

Widths and effects are drawn in turn (Gibbs sampling, as for the t model in Gelman et al., "Bayesian Data Analysis",
section 12.1). The last state is one draw from the joint posterior, and the conditional means average to its mean.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

import numpy as np
from numpy.typing import NDArray

from agent.core.run import Run
from agent.science.comparison import AVERAGE
from agent.science.effects import Observed, expected_of, observed
from agent.science.history import History, card_of

MOVE_STD = 0.03  # the usual size of a move's effect on the average
PAIR_STD = 0.01  # and of what two moves do to each other
RESIDUAL_STD = 0.005  # of what a run does that neither explains
TRUST = 0.03  # how far from nothing an author's expectation may place a move
TAILS = 3.0  # degrees of freedom of the priors
STRANGER_STD = 0.04  # of how far a variant that no moves made lies from the template
BURN, KEPT = 8, 16  # sweeps of the sampler

Pair = tuple[str, str]


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


def believe(history: History, expected: Mapping[str, Mapping[str, float]], draw: Random) -> Beliefs:
    """What the runs say of every move that its author expects something of, or that took part in a run."""
    runs, differences = observed(history)
    moves = sorted({*expected, *(move for run in runs for move in run.proposal.moves)})
    pairs = sorted({pair for run in runs for pair in combinations(sorted(run.proposal.moves), 2)})
    columns: list[str | Pair] = [*moves, *pairs]
    tasks = len(card_of(history.baseline).tasks) if history.baseline else len({t for e in expected.values() for t in e})
    centres = [max(-TRUST, min(TRUST, expected_of(expected.get(move, {}), AVERAGE, tasks))) for move in moves]
    seen = Observed.of([by_task[AVERAGE] for by_task in differences], RESIDUAL_STD)
    model = Model(
        design=np.array([[1.0, *_holds(run, columns)] for run in runs]).reshape(len(runs), len(columns) + 1),
        seen=seen,
        centres=np.array([0.0, *centres, *[0.0] * len(pairs)]),
        scales=np.array([seen.template_error, *[MOVE_STD] * len(moves), *[PAIR_STD] * len(pairs)]),
    )
    chance = np.random.default_rng(draw.getrandbits(64))
    states = list(model.sweeps(chance, BURN + KEPT))
    mean = sum((state.mean for state in states[BURN:]), np.zeros(len(columns) + 1)) / KEPT
    return Beliefs(
        dict(zip(columns, states[-1].drawn[1:].tolist(), strict=True)),
        dict(zip(columns, mean[1:].tolist(), strict=True)),
    )


def _holds(run: Run, columns: Sequence[str | Pair]) -> list[float]:
    held = {*run.proposal.moves}
    return [float(column in held if isinstance(column, str) else held.issuperset(column)) for column in columns]


@dataclass(frozen=True)
class State:
    """One sweep of the sampler: the mean of all effects given their widths, and a draw of them."""

    mean: NDArray[np.float64]
    drawn: NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """A linear regression whose first column, the template's own noise, has a normal prior and the others Student's."""

    design: NDArray[np.float64]
    seen: Observed
    centres: NDArray[np.float64]
    scales: NDArray[np.float64]

    def sweeps(self, chance: np.random.Generator, count: int) -> Iterator[State]:
        """So many states, each drawn after the one before."""
        weighted = self.design.T / self.seen.errors**2
        gram, pull = weighted @ self.design, weighted @ self.seen.differences
        widths = np.ones(len(self.scales))
        for _ in range(count):
            precision = 1.0 / (widths * self.scales**2)
            factor = np.linalg.cholesky(gram + np.diag(precision))
            half = np.linalg.solve(factor, precision * self.centres + pull)
            mean = np.linalg.solve(factor.T, half)
            drawn = mean + np.linalg.solve(factor.T, chance.standard_normal(len(mean)))
            yield State(mean, drawn)
            far = ((drawn - self.centres) / self.scales) ** 2
            widths = (TAILS + far) / 2 / chance.gamma((TAILS + 1) / 2, size=len(far))
            widths[0] = 1.0


def shrunken_margins(history: History) -> dict[str, float]:
    """Run id -> how far its average probably lies above the template's, by all runs at once; of the scored runs.

    The best of many scores is mostly a lucky one. A run that moves made is drawn towards what its moves do in other
    runs, any other towards nothing.
    """
    baseline = history.baseline
    if baseline is None:
        return {}
    beliefs = believe(history, {}, Random(0))
    made = {run.id for run in observed(history)[0]}
    found = {baseline.id: 0.0}
    for run in history.scored:
        if run.id in made:
            found[run.id] = beliefs.expected(run.proposal.moves)
        elif run.id != baseline.id:
            against = history.compare(run, baseline)[AVERAGE]
            seen = Observed.of([against], 0.0)
            noise = float(seen.errors[0] ** 2 + seen.template_error**2)
            found[run.id] = against.difference * STRANGER_STD**2 / (STRANGER_STD**2 + noise)
    return found
