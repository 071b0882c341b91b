"""A score with its error, and what the variance of that error is made of.

Two or three seeds say little of their own spread. The noise that was measured of a setting (agent/science/noise.py) is
pooled with it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from agent.core.score import ScoreCard, TaskScore
from agent.science.measure import MACRO
from agent.science.setting_noise import UNMEASURED, Noise
from agent.science.student import quantile

AVERAGE = "average"
ENOUGH_SEEDS = 5  # whose own spread tells the interval of a score


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


def estimates(card: ScoreCard, noise: Mapping[str, Noise]) -> dict[str, Estimate]:
    """The scores of a card by task, and "average"."""
    tasks = {task: estimate(score, noise) for task, score in card.tasks.items()}
    return tasks | {AVERAGE: average(list(tasks.values()))}


def estimate(score: TaskScore, noise: Mapping[str, Noise]) -> Estimate:
    """A task's score with its error: each setting's variance pools what its own seeds show with the measured noise.

    Two seeds alone say little of a variance; the measured noise lends them the seeds that it was measured on. That is
    the template's noise, though, and a variant may be steadier or wilder: from ENOUGH_SEEDS on its own speak alone.
    """
    shares = [
        share
        for setting, scores in score.by_setting.items()
        for share in shares_of(setting, scores, _prior(setting, scores, noise), MACRO.least_std)
    ]
    return Estimate(score.mean, divided(shares, by=len(score.by_setting)))


def _prior(setting: str, scores: Sequence[float], noise: Mapping[str, Noise]) -> Noise:
    """The measured noise that is pooled with a score's own, if it is."""
    return UNMEASURED if len(scores) >= ENOUGH_SEEDS else noise.get(setting, UNMEASURED)


def shares_of(setting: str, scores: list[float], prior: Noise, least_std: float) -> list[Share]:
    """The variance of one setting's mean over its seeds."""
    known, own = prior.seeds - 1, len(scores) - 1
    if known + own == 0:
        return [Share(math.inf, 0)]
    mean, weight = fmean(scores), (known + own) * len(scores)
    shares = [
        Share(known * prior.std**2 / weight, known, setting),
        Share(sum((value - mean) ** 2 for value in scores) / weight, own),
    ]
    below = least_std**2 / len(scores) - sum(share.variance for share in shares)
    shares.append(Share(max(0.0, below), known + own))
    return [share for share in shares if share.freedom]


def average(estimates: list[Estimate]) -> Estimate:
    """The mean over tasks."""
    return weighted_mean(estimates, [1] * len(estimates))


def weighted_mean(estimates: Sequence[Estimate], weights: Sequence[int]) -> Estimate:
    """The mean of estimates that share no noise but what was measured, each as often as its weight says."""
    total = sum(weights)
    shares = [
        share
        for each, weight in zip(estimates, weights, strict=True)
        for share in divided(each.shares, by=total / weight)
    ]
    mean = sum(each.mean * weight for each, weight in zip(estimates, weights, strict=True)) / total
    return Estimate(mean, tuple(shares))


def divided(shares: Iterable[Share], by: float) -> tuple[Share, ...]:
    """The shares of a sum's variance -> those of the mean's."""
    square = by**2
    return tuple(Share(share.variance / square, share.freedom, share.measured) for share in shares)
