"""How much higher one variant's score is than another's, seed by seed where the two have seeds in common.

What a seed of a setting shares between two variants (the training data, the first weights, the test) cancels in the
difference, so the spread of the differences is what counts, and not that of the scores. Two or three differences say
little of their own spread; how far it usually is, and how much it varies from variant to variant, was measured on the
known variants (agent/science/noise.py) and is pooled with it (Smyth 2004, "Linear models and empirical Bayes methods",
section 3): a variance of `freedom` degrees of freedom on both sides.

Where pairs are missing, or their usual spread was never measured, the scores of both are taken to be independent (Welch
1947). Which of the two it is depends on nothing that was estimated: to take whichever promises the smaller error told
equals apart in 9 of 100 worlds whose seeds share nothing (python -m agent.study equals).
"""

import math
from collections.abc import Mapping
from itertools import chain
from statistics import fmean

from agent.core.score import ScoreCard
from agent.science.estimate import Estimate, Share, divided, shares_of
from agent.science.measure import Values
from agent.science.setting_noise import UNMEASURED, Noise, PairedNoise


def same_draws(card: ScoreCard, other: ScoreCard) -> bool:
    """Whether two cards were tested on the same draws, so that their seeds make pairs: older workspaces drew a test a
    run."""
    return card.test_seed == other.test_seed


def gap(mine: Values, theirs: Values, noise: Mapping[str, Noise], paired: bool, least_std: float) -> Estimate:
    """How much higher the mean over settings of one is than that of another, each setting seed by seed where that can
    be. The noise is that of the values, by setting; ValueError where one of both has no value."""
    shares: list[Share] = []
    if mine.keys() != theirs.keys():  # cards of a part of the protocol: nothing of theirs makes a pair
        both = [divided(_all_shares(each, noise, least_std), by=len(each)) for each in (mine, theirs)]
        return Estimate(_mean(mine) - _mean(theirs), (*both[0], *both[1]))
    for setting, scores in mine.items():
        prior, other = noise.get(setting, UNMEASURED), theirs[setting]
        if paired and prior.paired and scores.keys() == other.keys():
            differences = [score - other[seed] for seed, score in scores.items()]
            shares.append(_paired_share(differences, prior.paired, least_std))
        else:
            shares += _all_shares({setting: scores}, noise, least_std)
            shares += _all_shares({setting: other}, noise, least_std)
    return Estimate(_mean(mine) - _mean(theirs), divided(shares, by=len(mine)))


def paired_gap(mine: Values, theirs: Values, noise: Mapping[str, Noise], least_std: float) -> Estimate | None:
    """The same from pairs of seeds alone, with Student's distribution where no usual spread was measured.

    It is for scores of which nothing but their own pairs is known, such as those of a verification. None where the
    settings or the seeds of both are not the same; a single pair has a difference and no known error.
    """
    if mine.keys() != theirs.keys() or any(mine[setting].keys() != theirs[setting].keys() for setting in mine):
        return None
    shares = []
    for setting, scores in mine.items():
        prior = noise.get(setting, UNMEASURED).paired or PairedNoise(0.0, 0.0)
        differences = [score - theirs[setting][seed] for seed, score in scores.items()]
        known = len(differences) > 1 or prior.freedom > 0
        shares.append(_paired_share(differences, prior, least_std) if known else Share(math.inf, 0))
    return Estimate(_mean(mine) - _mean(theirs), divided(shares, by=len(mine)))


def _all_shares(values: Values, noise: Mapping[str, Noise], least_std: float) -> list[Share]:
    found = (
        shares_of(setting, [*scores.values()], noise.get(setting, UNMEASURED), least_std)
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
