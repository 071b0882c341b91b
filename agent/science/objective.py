"""What a search is after: better memory and faster learning on two axes, with floors, or the older table's average.

The average of the six tasks mixes two things. An op without any state learns Memorize and Compress better than most,
and its average says nothing of what it cannot hold. So the tasks are two axes, each a mean of gains in log-odds of
micro accuracy:

    memory         Context, Fuzzy and Noisy Recall and Selective Copy, at the length of their training and, with the
                   same weights, at LENGTH times it; and Multi-Query Recall, which asks for more pairs than the state
                   comfortably holds
    learnability   Memorize and Compress: how much a short training reaches

What two cards do not both have is left out. Tests of the same weights at two lengths rise and fall together, so they
count as one value a seed; the noise of that is measured at each length alone, and taken to be as large as it can be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean
from typing import Literal

from agent.core.score import LEARNING_TASKS, MEMORY_TASKS, ScoreCard, TaskScore, log_odds
from agent.science.comparison import Comparison, Verdict, from_zero
from agent.science.estimate import AVERAGE, Estimate, average, weighted_mean
from agent.science.measure import LOG_ODDS, Values, at_times, longer_scores
from agent.science.pairs import gap, same_draws
from agent.science.setting_noise import UNMEASURED, Noise, PairedNoise

Objective = Literal["balanced", "memory", "average"]
DEFAULT: Objective = "balanced"
# How many log-odds of a gain go with an accuracy of 1 of the average: 6.3 among the twelve known variants under quick.
LOG_ODDS_OF_AVERAGE = 6.0
LENGTH = 8  # times the length of the training, at which memory is tested too
AT_LENGTH = at_times("", LENGTH)  # behind the name of a setting
FLOOR = 0.02  # of micro accuracy: a variant that is surely further below the template on a task is no winner

Way = Literal["up", "same", "down", "none"]  # none: the cards have no task of the axis


@dataclass(frozen=True)
class Judgement:
    """How a variant stands against another by the objective of a search.

    `gain` is what the objective weighs: log-odds where `in_log_odds`, else the macro accuracy of the average, as it is
    without tasks of an axis. An axis of which the cards have no task is None. `lost` has the core tasks on which the
    variant is surely below the floor.
    """

    objective: Objective
    in_log_odds: bool
    gain: Comparison
    average: Comparison
    memory: Comparison | None = None
    learnability: Comparison | None = None
    lost: tuple[str, ...] = ()

    @cached_property
    def verdict(self) -> Verdict:
        """ "mixed" is never a winner: it gains, but memory is lost or a task is below its floor, or one axis gains what
        the other loses."""
        found = self.gain.verdict
        if not self.in_log_odds:
            return found
        if found in ("better", "larger") and self.forfeits:
            return "mixed"
        opposed = {self.memory_went, self.learning_went} >= {"up", "down"}
        return "mixed" if found == "indistinguishable" and opposed and self.objective == "balanced" else found

    @property
    def memory_went(self) -> Way:
        return _way(self.memory, set(MEMORY_TASKS) & {*self.lost})

    @property
    def learning_went(self) -> Way:
        return _way(self.learnability, set(LEARNING_TASKS) & {*self.lost})

    @property
    def forfeits(self) -> bool:
        """Whether it can be no winner, whatever it gains: memory is lost, or a task is below its floor."""
        return self.in_log_odds and (bool(self.lost) or self.memory_went == "down")

    @property
    def in_average(self) -> Comparison:
        """The gain in units of the average's accuracy, for those who choose by it; of what forfeits no more than 0."""
        unit = LOG_ODDS_OF_AVERAGE if self.in_log_odds else 1.0
        gain = min(0.0, self.gain.difference) if self.forfeits else self.gain.difference
        return replace(self.gain, difference=gain / unit, error=self.gain.error / unit)

    def of_larger(self) -> "Judgement":
        """The same of a variant that takes more than the budget allows, which is never better."""
        return replace(self, gain=replace(self.gain, larger=True), average=replace(self.average, larger=True))


def _way(axis: Comparison | None, lost: set[str]) -> Way:
    if axis is None:
        return "none"
    if axis.told_apart and axis.ahead:
        return "up"
    return "down" if lost or axis.told_apart else "same"


def judge(
    card: ScoreCard, other: ScoreCard, noise: Mapping[str, Noise], objective: Objective, found: Mapping[str, Comparison]
) -> Judgement:
    """How a card stands against another by an objective; `found` is what `compare` says of both."""
    axes = [_axis(card, other, tasks, noise) for tasks in (MEMORY_TASKS, LEARNING_TASKS)]
    memory, learnability = (from_zero(axis) if axis else None for axis in axes)
    weighed = [axis for axis in axes[: 1 if objective == "memory" else 2] if axis]
    if objective == "average" or not weighed:
        return Judgement(objective, False, found[AVERAGE], found[AVERAGE], memory, learnability)
    lost = tuple(task for task, each in found.items() if task != AVERAGE and _below_floor(card, other, task, each))
    return Judgement(objective, True, from_zero(average(weighed)), found[AVERAGE], memory, learnability, lost)


def _axis(card: ScoreCard, other: ScoreCard, tasks: Sequence[str], noise: Mapping[str, Noise]) -> Estimate | None:
    """The mean gain over the tests of an axis; None where both cards have none of them."""
    paired = same_draws(card, other)
    gains, weights = [], []
    for task in tasks:
        mine, theirs = _score(card, task), _score(other, task)
        if mine is None or theirs is None:
            continue
        both = [*zip(_tests(mine), _tests(theirs), strict=False)]  # an older card has no test at a greater length
        known = {setting: _noise(noise, setting, len(both)) for setting in both[0][0]}
        own, others = (_mean_of(tests) for tests in zip(*both, strict=True))
        gains.append(gap(own, others, known, paired, LOG_ODDS.least_std))
        weights.append(len(both))
    return weighted_mean(gains, weights) if gains else None


def _score(card: ScoreCard, task: str) -> TaskScore | None:
    return card.tasks.get(task) or card.further.get(task)


def _tests(score: TaskScore) -> Iterator[Values]:
    """What a task is tested by, home length first; the same names of settings at both lengths."""
    yield LOG_ODDS.values(score)
    longer = longer_scores(score).get(LENGTH) if score.task in MEMORY_TASKS else None
    if longer:
        yield {_home(setting): values for setting, values in LOG_ODDS.values(longer).items()}


def _home(setting: str) -> str:
    return setting.removesuffix(AT_LENGTH)


def _mean_of(tests: Sequence[Values]) -> Values:
    """The mean over several tests of the same weights, by setting and seed."""
    return {
        setting: {seed: fmean(test[setting][seed] for test in tests) for seed in seeds}
        for setting, seeds in tests[0].items()
    }


def _noise(noise: Mapping[str, Noise], setting: str, tests: int) -> Noise:
    """That of the mean over so many tests, which may rise and fall together: the mean of their deviations."""
    names = [setting, setting + AT_LENGTH][:tests]
    parts = [noise[name].of(LOG_ODDS) for name in names if name in noise]
    if len(parts) < tests or UNMEASURED in parts:
        return UNMEASURED
    pairs = [part.paired for part in parts if part.paired]
    known = PairedNoise(fmean(p.std for p in pairs), min(p.freedom for p in pairs)) if len(pairs) == tests else None
    return Noise(fmean(part.std for part in parts), min(part.seeds for part in parts), known)


def _below_floor(card: ScoreCard, other: ScoreCard, task: str, found: Comparison) -> bool:
    """Whether a task lies more than FLOOR of micro accuracy below the other's, with 95 percent.

    Where log-odds tell a verdict, the floor is taken to log-odds at the other's level.
    """
    mine, theirs = card.tasks[task].micro, other.tasks[task].micro
    highest = found.deciding.difference + found.deciding.needed
    if found.judged is None:
        return highest < -FLOOR
    return mine < theirs - FLOOR and highest < log_odds(theirs - FLOOR) - log_odds(theirs)


def expected_gain(expected: Mapping[str, float], objective: Objective, tasks: Sequence[str]) -> float:
    """What expected changes of tasks' accuracies come to by an objective, in units of the average's accuracy."""
    axes = [[task for task in tasks if task in axis] for axis in (MEMORY_TASKS, LEARNING_TASKS)]
    weighed = [axis for axis in axes[: 1 if objective == "memory" else 2] if axis]
    if objective == "average" or not weighed:
        return sum(expected.values()) / max(1, len(tasks))
    return fmean(fmean(expected.get(task, 0.0) for task in axis) for axis in weighed)
