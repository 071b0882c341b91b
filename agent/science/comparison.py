"""Is one variant better than another, or is the difference noise?

Two variants are compared seed by seed. What a seed of a setting shares between them (the training data, the first
weights, the test) cancels in the difference, so the spread of the differences is what counts, and not that of the
scores. Two or three differences say little of their own spread; how far it usually is, and how much it varies from
variant to variant, was measured on the known variants (agent/science/noise.py) and is pooled with it (Smyth 2004,
"Linear models and empirical Bayes methods", section 3): a variance of `freedom` degrees of freedom on both sides.

Where pairs are missing, or where Welch's test is the sharper by `sharper_in_pairs`, a rule that looks at no score,
the scores of both are taken to be independent (Welch 1947).

A task's score is its macro accuracy, as in the older table. Its verdict is told by the plain fraction correct (micro
accuracy) in log-odds: macro counts a class that was predicted and is absent as 0, batch by batch, so that one stray
token costs more than most differences.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain
from statistics import fmean
from typing import Literal

from agent.core.score import ScoreCard, TaskScore
from agent.science.measure import LOG_ODDS, MACRO, Measure, Values

AVERAGE = "average"
CONFIDENT = 0.95
ENOUGH_SEEDS = 5  # whose own spread tells the interval of a score
LEAST_STD = MACRO.least_std

# "larger": ahead beyond the noise, and of a variant that takes more than the budget allows (agent/science/budget.py).
# "mixed": of a whole variant, ahead in one thing and behind in another (agent/science/objective.py); of no single task.
Verdict = Literal["better", "worse", "indistinguishable", "unjudged", "larger", "mixed"]


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

    `paired` is that of a difference between two variants, and `log_odds` the noise of the same setting's micro accuracy
    in log-odds; None where nobody measured it.
    """

    std: float
    seeds: int
    paired: PairedNoise | None = None
    log_odds: "Noise | None" = None

    def of(self, measure: Measure) -> "Noise":
        """That of a measure."""
        return self if measure is MACRO else self.log_odds or UNMEASURED


UNMEASURED = Noise(0.0, 1)


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


def _prior(setting: str, scores: Sequence[float], noise: Mapping[str, Noise]) -> Noise:
    """The measured noise that is pooled with a score's own, if it is."""
    return UNMEASURED if len(scores) >= ENOUGH_SEEDS else noise.get(setting, UNMEASURED)


def estimate(score: TaskScore, noise: Mapping[str, Noise]) -> Estimate:
    """A task's score with its error: each setting's variance pools what its own seeds show with the measured noise.

    Two seeds alone say little of a variance; the measured noise lends them the seeds that it was measured on. That is
    the template's noise, though, and a variant may be steadier or wilder: from ENOUGH_SEEDS on its own speak alone.
    """
    shares = [
        share
        for setting, scores in score.by_setting.items()
        for share in _shares(setting, scores, _prior(setting, scores, noise), MACRO.least_std)
    ]
    return Estimate(score.mean, _divided(shares, by=len(score.by_setting)))


def _shares(setting: str, scores: list[float], prior: Noise, least_std: float) -> list[Share]:
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


def _divided(shares: Iterable[Share], by: float) -> tuple[Share, ...]:
    """The shares of a sum's variance -> those of the mean's."""
    return tuple(replace(share, variance=share.variance / by**2) for share in shares)


def average(estimates: list[Estimate]) -> Estimate:
    """The mean over tasks."""
    return weighted_mean(estimates, [1] * len(estimates))


def weighted_mean(estimates: Sequence[Estimate], weights: Sequence[int]) -> Estimate:
    """The mean of estimates that share no noise but what was measured, each as often as its weight says."""
    total = sum(weights)
    shares = [
        share
        for each, weight in zip(estimates, weights, strict=True)
        for share in _divided(each.shares, by=total / weight)
    ]
    mean = sum(each.mean * weight for each, weight in zip(estimates, weights, strict=True)) / total
    return Estimate(mean, tuple(shares))


def resolution(score: Estimate) -> float:
    """How far two scores like this one must lie apart to be told apart; infinite where the noise is not known."""
    return difference(score, score).needed


def estimates(card: ScoreCard, noise: Mapping[str, Noise]) -> dict[str, Estimate]:
    """The scores of a card by task, and "average"."""
    tasks = {task: estimate(score, noise) for task, score in card.tasks.items()}
    return tasks | {AVERAGE: average(list(tasks.values()))}


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


def same_draws(card: ScoreCard, other: ScoreCard) -> bool:
    """Whether two cards were tested on the same draws, so that their seeds make pairs: older workspaces drew a test a
    run."""
    return card.test_seed == other.test_seed


def _told_in_log_odds(score: TaskScore, noise: Mapping[str, Noise]) -> bool:
    """Where that noise was measured; elsewhere macro accuracy tells the verdict, as it did in earlier versions."""
    return all(setting in noise and noise[setting].log_odds is not None for setting in score.by_setting)


def _compared(found: Estimate, apart: Estimate) -> Comparison:
    return replace(from_zero(found), unpaired_error=apart.error if found.shares != apart.shares else None)


def _gap_of(mine: TaskScore, theirs: TaskScore, noise: Mapping[str, Noise], paired: bool, measure: Measure) -> Estimate:
    """How much higher one score of a task is than another in a measure."""
    known = {setting: each.of(measure) for setting, each in noise.items()}
    return gap(measure.values(mine), measure.values(theirs), known, paired, measure.least_std)


def gap(mine: Values, theirs: Values, noise: Mapping[str, Noise], paired: bool, least_std: float) -> Estimate:
    """How much higher the mean over settings of one is than that of another, each setting seed by seed where that can
    and should be. The noise is that of the values, by setting; ValueError where one of both has no value."""
    shares: list[Share] = []
    if mine.keys() != theirs.keys():  # cards of a part of the protocol: nothing of theirs makes a pair
        both = [_divided(_all_shares(each, noise, least_std), by=len(each)) for each in (mine, theirs)]
        return Estimate(_mean(mine) - _mean(theirs), (*both[0], *both[1]))
    for setting, scores in mine.items():
        prior, other = noise.get(setting, UNMEASURED), theirs[setting]
        if paired and prior.paired and scores.keys() == other.keys() and sharper_in_pairs(prior, len(scores)):
            differences = [score - other[seed] for seed, score in scores.items()]
            shares.append(_paired_share(differences, prior.paired, least_std))
        else:
            shares += _all_shares({setting: scores}, noise, least_std)
            shares += _all_shares({setting: other}, noise, least_std)
    return Estimate(_mean(mine) - _mean(theirs), _divided(shares, by=len(mine)))


def _all_shares(values: Values, noise: Mapping[str, Noise], least_std: float) -> list[Share]:
    found = (
        _shares(setting, [*scores.values()], noise.get(setting, UNMEASURED), least_std)
        for setting, scores in values.items()
    )
    return [*chain.from_iterable(found)]


def _mean(values: Values) -> float:
    return fmean(fmean(scores.values()) for scores in values.values())


def _paired_share(differences: list[float], prior: PairedNoise, least_std: float) -> Share:
    """The variance of the mean of a setting's differences: their own spread, pooled with what it usually is."""
    own, count, mean = len(differences) - 1, len(differences), fmean(differences)
    squares = prior.freedom * prior.std**2 + sum((value - mean) ** 2 for value in differences)
    return Share(max(squares / (prior.freedom + own), 2 * least_std**2) / count, prior.freedom + own)


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
    return from_zero(Estimate(a.mean - b.mean, a.shares + b.shares))


def from_zero(found: Estimate) -> Comparison:
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
