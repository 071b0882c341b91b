"""Is one variant better than another, or is the difference noise?

Two variants are compared seed by seed. What a seed of a setting shares between them (the training data, the first
weights, the test) cancels in the difference, so the spread of the differences is what counts, and not that of the
scores. Two or three differences say little of their own spread; how far it usually is, and how much it varies from
variant to variant, was measured on the known variants (agent/science/noise.py) and is pooled with it (Smyth 2004,
"Linear models and empirical Bayes methods", section 3): a variance of `freedom` degrees of freedom on both sides.

Where pairs are missing, or where Welch's test is the sharper by `sharper_in_pairs`, a rule that looks at no score,
the scores of both are taken to be independent (Welch 1947).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain
from statistics import fmean
from typing import Literal

from agent.core.score import ScoreCard, TaskScore

AVERAGE = "average"
CONFIDENT = 0.95

# Training stops once accuracy passes 0.999, so the last thousandth says when a replica stopped, not how good it is.
LEAST_STD = 0.001

# "larger": ahead beyond the noise, and of a variant that takes more than the budget allows (agent/science/budget.py).
Verdict = Literal["better", "worse", "indistinguishable", "unjudged", "larger"]


@dataclass(frozen=True)
class PairedNoise:
    """The standard deviation of one seed's difference between two variants in one setting.

    It differs from variant to variant: `freedom` says how many degrees of freedom the typical value is worth for the
    next one, few where the measured ones lie far apart.
    """

    std: float
    freedom: float


@dataclass(frozen=True)
class Noise:
    """The standard deviation of a one-seed score of one setting, measured on the baseline over so many seeds.

    `paired` is that of a difference between two variants; None where nobody measured it.
    """

    std: float
    seeds: int
    paired: PairedNoise | None = None


@dataclass(frozen=True)
class Share:
    """A share of a variance and the degrees of freedom of the sample that tells it.

    `measured` names the setting whose measured noise that sample is. All cards have it in common, so it counts once,
    however many scores lean on it; None is a sample of this score's own.
    """

    variance: float
    freedom: float
    measured: str | None = None


@dataclass(frozen=True)
class Estimate:
    """A score, and what the variance of its noise is made of."""

    mean: float
    shares: tuple[Share, ...]

    @property
    def error(self) -> float:
        """The standard error."""
        return math.sqrt(sum(share.variance for share in self.shares))

    @property
    def degrees_of_freedom(self) -> float:
        """How many the error rests on (Satterthwaite 1946, Welch 1947): where one noisy share outweighs the others, no
        more than that share's, however many seeds the quiet ones have. 0 where nothing is known of a share."""
        samples: dict[str | int, tuple[float, float]] = {}
        for own, share in enumerate(self.shares):
            name = own if share.measured is None else share.measured
            samples[name] = (samples.get(name, (0.0, 0))[0] + share.variance, share.freedom)
        if not all(freedom for _, freedom in samples.values()):
            return 0.0
        uncertainty = sum(variance**2 / freedom for variance, freedom in samples.values())
        return sum(variance for variance, _ in samples.values()) ** 2 / uncertainty

    @property
    def half_width(self) -> float:
        """How far to both sides of the mean 95 percent reach; infinite where nothing is known of a share."""
        freedom = self.degrees_of_freedom
        return quantile(freedom) * self.error if freedom else math.inf


@dataclass(frozen=True)
class Comparison:
    """How much higher one score is than another, and how sure that is; unjudged where the noise is not known."""

    difference: float
    error: float
    freedom: float  # degrees of freedom of the error; 0 where it is not known
    larger: bool = False  # whether the one compared takes more than the budget allows
    unpaired_error: float | None = None  # what it would be of independent scores; None where no seeds were paired

    @property
    def removed(self) -> float | None:
        """The share of the variance that comparing seed by seed removed, below 0 if it added some; None if unpaired."""
        if self.unpaired_error is None or not self.freedom or not math.isfinite(self.unpaired_error):
            return None
        return 1.0 - (self.error / self.unpaired_error) ** 2

    @cached_property
    def confidence(self) -> float:
        """That of the difference not being zero."""
        return student(abs(self.difference) / self.error, self.freedom) if self.freedom else 0.0

    @property
    def needed(self) -> float:
        """How large a difference must be to be told from zero; infinite where the noise is not known."""
        return quantile(self.freedom) * self.error if self.freedom else math.inf

    @property
    def told_apart(self) -> bool:
        """Whether the scores differ beyond the noise."""
        return self.confidence >= CONFIDENT

    @property
    def verdict(self) -> Verdict:
        if not self.freedom:
            return "unjudged"
        if not self.told_apart:
            return "indistinguishable"
        if self.difference > 0:
            return "larger" if self.larger else "better"
        return "worse"


def estimate(score: TaskScore, noise: Mapping[str, Noise]) -> Estimate:
    """A task's score with its error: each setting's variance pools what its own seeds show with the measured noise.

    Two seeds alone say little of a variance; the measured noise lends them the seeds that it was measured on.
    """
    shares = [
        share
        for setting, scores in score.by_setting.items()
        for share in _shares(setting, scores, noise.get(setting, Noise(0.0, 1)))
    ]
    return Estimate(score.mean, _divided(shares, by=len(score.by_setting)))


def _shares(setting: str, scores: list[float], prior: Noise) -> list[Share]:
    """The variance of one setting's mean over its seeds."""
    known, own = prior.seeds - 1, len(scores) - 1
    if known + own == 0:
        return [Share(math.inf, 0)]
    mean, weight = fmean(scores), (known + own) * len(scores)
    shares = [
        Share(known * prior.std**2 / weight, known, setting),
        Share(sum((value - mean) ** 2 for value in scores) / weight, own),
    ]
    below = LEAST_STD**2 / len(scores) - sum(share.variance for share in shares)
    shares.append(Share(max(0.0, below), known + own))
    return [share for share in shares if share.freedom]


def _divided(shares: Iterable[Share], by: int) -> tuple[Share, ...]:
    """The shares of a sum's variance -> those of the mean's."""
    return tuple(replace(share, variance=share.variance / by**2) for share in shares)


def average(estimates: list[Estimate]) -> Estimate:
    """The mean over tasks."""
    shares = chain.from_iterable(task.shares for task in estimates)
    return Estimate(fmean(task.mean for task in estimates), _divided(shares, by=len(estimates)))


def resolution(score: Estimate) -> float:
    """How far two scores like this one must lie apart to be told apart; infinite where the noise is not known."""
    return difference(score, score).needed


def estimates(card: ScoreCard, noise: Mapping[str, Noise]) -> dict[str, Estimate]:
    """The scores of a card by task, and "average"."""
    tasks = {task: estimate(score, noise) for task, score in card.tasks.items()}
    return tasks | {AVERAGE: average(list(tasks.values()))}


def compare(card: ScoreCard, other: ScoreCard, noise: Mapping[str, Noise]) -> dict[str, Comparison]:
    """Each task, and "average": how `card` stands against `other`. ValueError if their protocols differ.

    Seeds are paired if both cards were tested on the same draws: older workspaces drew a test a run.
    """
    check_comparable(card, other)
    paired = card.test_seed == other.test_seed
    tasks = {task: _against(score, other.tasks[task], noise, paired) for task, score in card.tasks.items()}
    apart = {task: _against(score, other.tasks[task], noise, paired=False) for task, score in card.tasks.items()}
    tasks[AVERAGE], apart[AVERAGE] = average([*tasks.values()]), average([*apart.values()])
    return {task: _compared(tasks[task], apart[task]) for task in tasks}


def _compared(found: Estimate, apart: Estimate) -> Comparison:
    return replace(_from_zero(found), unpaired_error=apart.error if found.shares != apart.shares else None)


def _against(mine: TaskScore, theirs: TaskScore, noise: Mapping[str, Noise], paired: bool) -> Estimate:
    """How much higher one score of a task is than another, each setting seed by seed where that can and should be."""
    shares: list[Share] = []
    own, others = _by_seed(mine), _by_seed(theirs)
    if own.keys() != others.keys():  # cards of a part of the protocol: nothing of theirs makes a pair
        return Estimate(mine.mean - theirs.mean, estimate(mine, noise).shares + estimate(theirs, noise).shares)
    for setting, scores in own.items():
        prior, other = noise.get(setting, Noise(0.0, 1)), others[setting]
        if paired and prior.paired and scores.keys() == other.keys() and sharper_in_pairs(prior, len(scores)):
            differences = [score - other[seed] for seed, score in scores.items()]
            shares.append(_paired_share(differences, prior.paired))
        else:
            shares += _shares(setting, [*scores.values()], prior) + _shares(setting, [*other.values()], prior)
    return Estimate(mine.mean - theirs.mean, _divided(shares, by=len(others)))


def _by_seed(score: TaskScore) -> dict[str, dict[int, float]]:
    """Setting -> seed -> macro accuracy."""
    found: dict[str, dict[int, float]] = {}
    for seed in score.seeds:
        found.setdefault(seed.setting, {})[seed.seed] = seed.macro
    return found


def _paired_share(differences: list[float], prior: PairedNoise) -> Share:
    """The variance of the mean of a setting's differences: their own spread, pooled with what it usually is."""
    own, count, mean = len(differences) - 1, len(differences), fmean(differences)
    squares = prior.freedom * prior.std**2 + sum((value - mean) ** 2 for value in differences)
    return Share(max(squares / (prior.freedom + own), 2 * LEAST_STD**2) / count, prior.freedom + own)


@lru_cache(maxsize=256)
def sharper_in_pairs(prior: Noise, seeds: int) -> bool:
    """Whether so many pairs should tell a smaller difference than Welch's test, by what was measured beforehand.

    The scores at hand have no say in it: who may choose the sharper of two tests after the fact is wrong too often.
    """
    if prior.paired is None:
        return False
    apart = prior.seeds - 1 + 2 * (seeds - 1)
    if not apart:
        return True
    in_pairs = prior.paired.std * quantile(prior.paired.freedom + seeds - 1)
    return in_pairs < math.sqrt(2) * max(prior.std, LEAST_STD) * quantile(apart)


def check_comparable(card: ScoreCard, other: ScoreCard) -> None:
    """Raise ValueError unless two cards are of one protocol."""
    if card.fingerprint != other.fingerprint:
        raise ValueError(
            f"scores of protocol {card.protocol} ({card.fingerprint}) and of {other.protocol} ({other.fingerprint}) "
            "cannot be compared; evaluate both under one protocol"
        )


def difference(a: Estimate, b: Estimate) -> Comparison:
    """How much higher one estimate is than another, with all the noise of both."""
    return _from_zero(Estimate(a.mean - b.mean, a.shares + b.shares))


def _from_zero(found: Estimate) -> Comparison:
    """How sure it is that an estimate, such as of a difference, is not zero."""
    freedom = found.degrees_of_freedom
    return Comparison(found.mean, found.error if freedom else math.inf, freedom)


def student(t: float, freedom: float) -> float:
    """P(|T| < t) of Student's distribution."""
    from scipy.special import stdtr  # what scipy.stats.t is made of, without the second that importing the rest takes

    return float(1.0 - 2.0 * stdtr(freedom, -t))


def quantile(freedom: float) -> float:
    """The t that |T| of Student's distribution stays below with 95 percent."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1.0 + CONFIDENT) / 2.0))
