"""What each move of the catalogue does to the scores, estimated from all runs at once.

How far a run's score of a task lies from the template's, seed by seed, is taken to be the effect of each of its moves,
plus what moves do to each other (a model error), plus the noise of that difference. Half of the noise is the template's
own, against which all runs are measured: one unknown more, the same in every run. With independent normal priors this
is Bayesian linear regression (Bishop 2006, section 3.3), in closed form: for the design matrix X, weights w of the
observations and the prior N(m, P^-1),

    posterior precision = P + X^T diag(w) X,      posterior mean = precision^-1 (P m + X^T diag(w) y).
"""

import math
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from agent.core.baselines import TEMPLATE
from agent.core.run import Run
from agent.core.sentences import signed, spread
from agent.science.comparison import Comparison
from agent.science.estimate import AVERAGE
from agent.science.history import History, card_of
from agent.science.mechanisms.holding import mechanisms_of
from agent.science.student import quantile

PRIOR_STD = 0.1  # of a move's effect on a task, around what its author expects
PRIOR_STD_AVERAGE = 0.04
UNKNOWN_STD = 1.0  # of a score or an effect of which nothing is known beforehand: scores lie between 0 and 1
MODEL_STD = 0.02  # how far two moves together differ from the sum of both
MECHANISM_STD = 0.04  # how far a variant differs from the sum of its mechanisms: two decays are not one and the same
ASSUMED_STD = 0.1  # of a score whose noise nobody measured
LEAST_ERROR = 1e-4  # of a difference: none is known more exactly


@dataclass(frozen=True)
class Effect:
    """How much a move adds to a score, the standard error of that, and in how many runs with scores it took part.

    `freedom` is how many degrees of freedom the error of one such score has, in the middle of all runs: several scores
    together have more, so that what is called certain is. It is 0 where the noise of a score had to be assumed.
    """

    mean: float
    error: float
    runs: int
    freedom: float

    def __str__(self) -> str:
        return f"{signed(self.mean)}{spread(self.half_width)}"

    @property
    def strength(self) -> float:
        """How many standard errors it lies from nothing."""
        return abs(self.mean) / self.error

    @property
    def certain(self) -> bool:
        """Whether it is something else than nothing, with 95 percent."""
        return self.runs > 0 and abs(self.mean) > self.half_width

    @property
    def half_width(self) -> float:
        """How far to both sides of the mean 95 percent reach; infinite where the noise is not known."""
        return quantile(self.freedom) * self.error if self.freedom else math.inf


def measured_effects(history: History) -> dict[str, dict[str, Effect]]:
    """Move -> task, and "average" -> its effect by the runs alone, of every move that took part in one.

    No author's expectation takes part, and nothing is drawn towards zero: of moves that were never tried apart the
    errors are as large as they are.
    """
    return _estimated(history, _moves_held(history), {}, lambda task: UNKNOWN_STD)


def effects(history: History, expected: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, Effect]]:
    """Move -> task, and "average" -> its effect. `expected` holds what the moves' authors expect of tasks; 0 elsewhere.

    Every move that is expected something of or took part in a run is in the answer. What few runs say counts for less
    than the expectation, which is what a choice of the next move needs; for what was measured see measured_effects.
    """
    held = _moves_held(history)
    return _estimated(history, held, expected, lambda task: PRIOR_STD_AVERAGE if task == AVERAGE else PRIOR_STD)


def mechanism_effects(history: History) -> dict[str, dict[str, Effect]]:
    """Mechanism -> task, and "average" -> its effect by the runs alone, of all variants that hold one.

    A variant counts whoever made it: what it holds is found in its code. What the template holds itself is no change.
    """
    return _estimated(history, _mechanisms_held(history), {}, lambda task: UNKNOWN_STD, MECHANISM_STD)


def moves_within(history: History, mechanisms: Set[str]) -> frozenset[str]:
    """The moves whose mechanisms are all among these: what is found in the code of every scored run with that move.

    Of a move in whose code nothing is recognised this is not known, and it is none of them.
    """
    template = mechanisms_of(history.baseline.proposal) if history.baseline else frozenset()
    made: dict[str, frozenset[str]] = {}
    for run in history.scored:
        found = mechanisms_of(run.proposal) - template
        made |= {move: made.get(move, found) & found for move in run.proposal.moves}
    return frozenset(move for move, found in made.items() if found and found <= mechanisms)


@dataclass(frozen=True)
class Holding:
    """What a run is made of, in names, and how far it lies from the template by task and on the average.

    A run that was stopped after a leg counts with what it has, whose error is larger.
    """

    names: frozenset[str]
    found: Mapping[str, Comparison]


def _moves_held(history: History) -> list[Holding]:
    made = made_of_moves(history, [*history.scored, *history.stopped])
    return [Holding(frozenset(run.proposal.moves), found) for run, found in _measured(history, made)]


def _mechanisms_held(history: History) -> list[Holding]:
    baseline = history.baseline
    if baseline is None:
        return []
    own = mechanisms_of(baseline.proposal)
    others = [run for run in (*history.scored, *history.stopped) if run.id != baseline.id]
    held = [(mechanisms_of(run.proposal) - own, found) for run, found in _measured(history, others)]
    return [Holding(names, found) for names, found in held if names]


def _measured(history: History, runs: Sequence[Run]) -> list[tuple[Run, Mapping[str, Comparison]]]:
    """Those of some runs that were scored, whole or in part, and how far each lies from the template."""
    baseline = history.baseline
    if baseline is None:
        return []
    found: list[tuple[Run, Mapping[str, Comparison]]] = []
    for run in runs:
        if run.scored:
            found.append((run, history.compare(run, baseline)))
        elif run.stopped is not None and (part := history.part(run, baseline)) is not None:
            found.append((run, part.tasks))
    return found


def _estimated(
    history: History,
    held: Sequence[Holding],
    expected: Mapping[str, Mapping[str, float]],
    prior_std: Callable[[str], float],
    model_std: float = MODEL_STD,
) -> dict[str, dict[str, Effect]]:
    """The regression of each task, with so wide a prior of an effect."""
    names = sorted({*expected, *(name for each in held for name in each.names)})
    tasks = _tasks(history, expected)
    whole = np.array([[1.0, *(name in each.names for name in names)] for each in held], dtype=float)
    whole = whole.reshape(len(held), len(names) + 1)
    counts = [sum(name in each.names for each in held) for name in names]
    found: dict[str, dict[str, Effect]] = {name: {} for name in names}
    for task in (*tasks, AVERAGE):
        having = [row for row, each in enumerate(held) if task in each.found]  # a leg may lack a task
        of_task, design = [held[row].found[task] for row in having], whole[having]
        seen = Observed.of(of_task, model_std)
        prior = np.array([0.0, *(expected_of(expected.get(name, {}), task, len(tasks)) for name in names)])
        stds = [seen.template_error, *[prior_std(task)] * len(names)]
        mean, error = _regress(design, seen, prior, np.array(stds))
        freedom = _freedom(of_task)
        for index, name in enumerate(names):
            found[name][task] = Effect(float(mean[index + 1]), float(error[index + 1]), counts[index], freedom)
    return found


@dataclass(frozen=True)
class Observed:
    """How far some runs lie from the template, the error of each alone, and the template's own, which all have."""

    differences: NDArray[np.float64]
    errors: NDArray[np.float64]
    template_error: float

    @classmethod
    def of(cls, found: Sequence[Comparison], model_std: float = MODEL_STD) -> "Observed":
        errors = [c.error if math.isfinite(c.error) else math.sqrt(2) * ASSUMED_STD for c in found]
        shared = max(LEAST_ERROR, min(errors, default=LEAST_ERROR)) / math.sqrt(2)
        own = [math.sqrt(max(error**2 - shared**2, LEAST_ERROR**2) + model_std**2) for error in errors]
        return cls(np.array([c.difference for c in found]), np.array(own), shared)


def made_of_moves(history: History, among: Sequence[Run]) -> list[Run]:
    """Those of some runs that moves on the template made; none before that is scored."""
    if history.baseline is None:
        return []
    return [run for run in among if run.proposal.moves and of_the_template(history, run)]


def _tasks(history: History, expected: Mapping[str, Mapping[str, float]]) -> list[str]:
    if history.baseline is not None:
        return list(card_of(history.baseline).tasks)
    return sorted({task for prior in expected.values() for task in prior})


def expected_of(prior: Mapping[str, float], task: str, tasks: int) -> float:
    """What a move's author expects of a task or the average."""
    return sum(prior.values()) / max(1, tasks) if task == AVERAGE else prior.get(task, 0.0)


def of_the_template(history: History, run: Run) -> bool:
    """Whether a run is the template, or moves made on it and nothing else."""
    root = history.root(run)
    return root is not None and root.name == TEMPLATE


def _freedom(differences: Sequence[Comparison]) -> float:
    """In the middle of the differences; 0 where the noise of one is not known."""
    known = [found.freedom for found in differences]
    return median(known) if known and all(known) else 0.0


def _regress(
    design: NDArray[np.float64], seen: Observed, prior: NDArray[np.float64], stds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard error of the coefficients."""
    precision = np.diag(1 / stds**2)
    weighted = design.T / seen.errors**2
    covariance = np.linalg.inv(precision + weighted @ design)
    return covariance @ (precision @ prior + weighted @ seen.differences), np.sqrt(np.diag(covariance))
