"""Is one variant better than another, or is the difference noise?

Two variants are compared seed by seed where they can be (agent/science/pairs.py). A task's score is its macro accuracy,
as in the older table. Its verdict is told by the plain fraction correct (micro accuracy) in log-odds: macro counts a
class that was predicted and is absent as 0, batch by batch, so that one stray token costs more than most differences.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from agent.core.score import ScoreCard, TaskScore
from agent.science.estimate import AVERAGE, Estimate, average
from agent.science.measure import LOG_ODDS, MACRO, Measure
from agent.science.pairs import gap, same_draws
from agent.science.setting_noise import Noise
from agent.science.student import CONFIDENT, quantile, student

# "larger": ahead beyond the noise, and of a variant that takes more than the budget allows (agent/science/budget.py).
# "mixed": of a whole variant, ahead in one thing and behind in another (agent/science/objective.py); of no single task.
Verdict = Literal["better", "worse", "indistinguishable", "unjudged", "larger", "mixed"]


@dataclass(frozen=True)
class Comparison:
    """How much higher one score is than another, and how sure that is; unjudged where the noise is not known.

    `judged` is the same in log-odds of micro accuracy, of a task whose verdict that tells; None where the difference
    itself tells it. Both may have different signs, and then the sign of `judged` is the one that counts.
    """

    difference: float
    error: float
    freedom: float  # degrees of freedom of the error; 0 where it is not known
    larger: bool = False  # whether the one compared takes more than the budget allows
    unpaired_error: float | None = None  # what it would be of independent scores; None where no seeds were paired
    judged: "Comparison | None" = None

    @property
    def deciding(self) -> "Comparison":
        """The comparison that tells the verdict: that in log-odds, or this one."""
        return self.judged or self

    @property
    def removed(self) -> float | None:
        """The share of the variance that comparing seed by seed removed, below 0 if it added some; None if unpaired."""
        if self.unpaired_error is None or not self.freedom or not math.isfinite(self.unpaired_error):
            return None
        return 1.0 - (self.error / self.unpaired_error) ** 2

    @cached_property
    def confidence(self) -> float:
        """That of the difference not being zero, by what tells the verdict."""
        found = self.deciding
        return student(abs(found.difference) / found.error, found.freedom) if found.freedom else 0.0

    @property
    def needed(self) -> float:
        """How large a difference must be to be told from zero; infinite where the noise is not known."""
        return quantile(self.freedom) * self.error if self.freedom else math.inf

    @property
    def told_apart(self) -> bool:
        """Whether the scores differ beyond the noise."""
        return self.confidence >= CONFIDENT

    @property
    def ahead(self) -> bool:
        """Whether the first score is the higher one by what tells the verdict, sure or not."""
        return self.deciding.difference > 0

    @property
    def verdict(self) -> Verdict:
        if not self.deciding.freedom:
            return "unjudged"
        if not self.told_apart:
            return "indistinguishable"
        if self.ahead:
            return "larger" if self.larger else "better"
        return "worse"


def compare(card: ScoreCard, other: ScoreCard, noise: Mapping[str, Noise]) -> dict[str, Comparison]:
    """Each task, and "average": how `card` stands against `other`. ValueError if their protocols differ.

    The verdict of a task is told in log-odds, that of the average by itself.
    """
    check_comparable(card, other)
    paired = same_draws(card, other)
    pairs = {task: (score, other.tasks[task]) for task, score in card.tasks.items()}
    tasks = {task: _gap_of(*both, noise, paired, MACRO) for task, both in pairs.items()}
    apart = {task: _gap_of(*both, noise, False, MACRO) for task, both in pairs.items()}
    tasks[AVERAGE], apart[AVERAGE] = average([*tasks.values()]), average([*apart.values()])
    found = {task: _compared(tasks[task], apart[task]) for task in tasks}
    judged = {
        task: from_zero(_gap_of(*both, noise, paired, LOG_ODDS))
        for task, both in pairs.items()
        if _told_in_log_odds(both[0], noise)
    }
    return {task: replace(each, judged=judged.get(task)) for task, each in found.items()}


def check_comparable(card: ScoreCard, other: ScoreCard) -> None:
    """Raise ValueError unless two cards are of one protocol."""
    if card.fingerprint != other.fingerprint:
        raise ValueError(
            f"scores of protocol {card.protocol} ({card.fingerprint}) and of {other.protocol} ({other.fingerprint}) "
            "cannot be compared; evaluate both under one protocol"
        )


def _told_in_log_odds(score: TaskScore, noise: Mapping[str, Noise]) -> bool:
    """Where that noise was measured; elsewhere macro accuracy tells the verdict, as it did in earlier versions."""
    return all(setting in noise and noise[setting].log_odds is not None for setting in score.by_setting)


def _compared(found: Estimate, apart: Estimate) -> Comparison:
    return replace(from_zero(found), unpaired_error=apart.error if found.shares != apart.shares else None)


def _gap_of(mine: TaskScore, theirs: TaskScore, noise: Mapping[str, Noise], paired: bool, measure: Measure) -> Estimate:
    """How much higher one score of a task is than another in a measure."""
    known = {setting: each.of(measure) for setting, each in noise.items()}
    return gap(measure.values(mine), measure.values(theirs), known, paired, measure.least_std)


def difference(a: Estimate, b: Estimate) -> Comparison:
    """How much higher one estimate is than another, with all the noise of both."""
    return from_zero(Estimate(a.mean - b.mean, a.shares + b.shares))


def from_zero(found: Estimate) -> Comparison:
    """How sure it is that an estimate, such as of a difference, is not zero."""
    freedom = found.degrees_of_freedom
    return Comparison(found.mean, found.error if freedom else math.inf, freedom)


def resolution(score: Estimate) -> float:
    """How far two scores like this one must lie apart to be told apart; infinite where the noise is not known."""
    return difference(score, score).needed
