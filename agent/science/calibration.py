"""How good registered predictions were, and what the next ones should learn from that."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, pstdev

from agent.core.run import BASELINE, Run
from agent.science.comparison import Comparison
from agent.science.estimate import AVERAGE, Estimate
from agent.science.history import History, card_of

LEAST_WIDTH = 0.005  # a prediction that is nearer than this is right, however small the noise
BIAS_STD = 0.03  # of what predictions of a task miss on the mean, before any of them is seen
MISS_STD = 0.05  # of a single miss, before any is seen


@dataclass(frozen=True)
class Outcome:
    """A task's predicted score beside the measured one."""

    task: str
    predicted: float
    measured: Estimate
    change: float  # predicted, against the parent
    comparison: Comparison | None  # measured, against the parent
    corrected: float = 0.0  # how far the prediction had been moved for what earlier ones missed

    @property
    def miss(self) -> float:
        return self.measured.mean - self.predicted

    @property
    def miss_of_no_change(self) -> float:
        """What would have been missed by predicting the parent's score; what was, where there is no parent."""
        return self.miss + self.change

    @cached_property
    def hit(self) -> bool | None:
        """Whether the prediction lies within 95 percent of the score's noise; None where that is not known."""
        reach = self.measured.half_width
        return abs(self.miss) <= max(LEAST_WIDTH, reach) if math.isfinite(reach) else None

    @property
    def direction(self) -> bool | None:
        """Whether the change went the predicted way; None where none was predicted or none is seen beyond the noise."""
        if self.comparison is None or not self.comparison.told_apart or abs(self.change) < LEAST_WIDTH:
            return None
        return self.comparison.ahead == (self.change > 0)


@dataclass(frozen=True)
class Calibration:
    """How good the predictions were over some runs: hits, of how many, and the mean of measured minus predicted.

    `error` is the mean absolute error, and `error_of_no_change` what it would have been of predictions that nothing
    changes: the score of the parent, which is known for nothing.
    """

    hits: int
    judged: int  # of those whose score's noise is known
    count: int
    bias: float
    error: float
    error_of_no_change: float

    @property
    def skill(self) -> float | None:
        """The share of that error which the predictions save: 1 of perfect ones, 0 of those that say no more than "no
        change", below 0 of worse ones; None where "no change" is exactly right."""
        return 1.0 - self.error / self.error_of_no_change if self.error_of_no_change else None


def outcomes_of(history: History, run: Run) -> tuple[Outcome, ...]:
    """The predictions of a scored run beside what came of them."""
    if not run.scored:
        return ()
    card = card_of(run)
    parent = history.parent(run.proposal)
    compared = history.compare(run, parent) if parent else {}
    return tuple(
        Outcome(
            task,
            predicted,
            history.estimates(run)[task],
            predicted - card_of(parent).tasks[task].mean if parent else 0.0,
            compared.get(task),
            run.proposal.corrected.get(task, 0.0),
        )
        for task, predicted in run.proposal.predicted.items()
        if task in card.tasks
    )


def calibrate(history: History) -> dict[str, Calibration]:
    """Hits, bias, error and skill by task, and over all tasks under "average".

    What a person edited is not what was predicted.
    """
    predicted = [run for run in history.scored if run.proposal.author != BASELINE and not run.proposal.editor]
    found = [outcome for run in predicted for outcome in outcomes_of(history, run)]
    tasks = list(dict.fromkeys(outcome.task for outcome in found))
    groups = {task: [outcome for outcome in found if outcome.task == task] for task in tasks}
    if found:
        groups[AVERAGE] = found
    return {name: _calibration(group) for name, group in groups.items()}


def _calibration(outcomes: Sequence[Outcome]) -> Calibration:
    """ValueError without an outcome."""
    return Calibration(
        *hits(outcomes),
        count=len(outcomes),
        bias=fmean(outcome.miss for outcome in outcomes),
        error=fmean(abs(outcome.miss) for outcome in outcomes),
        error_of_no_change=fmean(abs(outcome.miss_of_no_change) for outcome in outcomes),
    )


def hits(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """How many predictions hit, of how many that can be judged."""
    judged = [outcome.hit for outcome in outcomes if outcome.hit is not None]
    return sum(judged), len(judged)


def corrections(history: History, author: str) -> dict[str, float]:
    """Task -> what to add to an author's next prediction, for what his earlier ones missed on the mean.

    The mean miss, as if nothing had been corrected before, is drawn towards zero by the normal prior N(0, BIAS_STD^2):
    a few predictions of a noisy task move the next by little, many that all miss to one side by nearly all of it.
    """
    misses: dict[str, list[float]] = {}
    for run in history.scored:
        for outcome in outcomes_of(history, run) if _predicted_by(author, run) else ():
            misses.setdefault(outcome.task, []).append(outcome.miss + outcome.corrected)
    return {task: _drawn_to_zero(found) for task, found in misses.items()}


def _predicted_by(author: str, run: Run) -> bool:
    """Whether what was trained is what the author's prediction was of."""
    return run.proposal.author == author and not run.proposal.editor


def _drawn_to_zero(misses: Iterable[float]) -> float:
    """The posterior mean of the bias behind some misses, whose own spread counts as one more seen miss of MISS_STD."""
    found = list(misses)
    variance = (len(found) * pstdev(found) ** 2 + MISS_STD**2) / (len(found) + 1)
    return fmean(found) / (1 + variance / (len(found) * BIAS_STD**2)) if math.isfinite(variance) else 0.0
