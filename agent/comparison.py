"""Is one variant better than another, or is the difference noise?"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from agent.score import ScoreCard, TaskScore

MEASURED = Path(__file__).parents[1] / "baselines" / "measured"
AVERAGE = "average"
CONFIDENT = 0.95

# Training stops once accuracy passes 0.999, so the last thousandth says when a replica stopped, not how good it is.
LEAST_STD = 0.001

Verdict = Literal["better", "worse", "indistinguishable"]


@dataclass(frozen=True)
class Noise:
    """The standard deviation of a one-seed score of one setting, measured on the baseline over so many seeds."""

    std: float
    seeds: int


@dataclass(frozen=True)
class Estimate:
    """A score with the standard error of its noise, and how many degrees of freedom that error rests on."""

    mean: float
    error: float
    degrees_of_freedom: int


@dataclass(frozen=True)
class Comparison:
    """How much higher one score is than another. The confidence is that of the difference not being zero."""

    difference: float
    error: float
    confidence: float

    @property
    def verdict(self) -> Verdict:
        if self.confidence < CONFIDENT:
            return "indistinguishable"
        return "better" if self.difference > 0 else "worse"


def read_noise(fingerprint: str) -> dict[str, Noise]:
    """Setting -> its measured noise under the protocol with this fingerprint; empty where none was measured."""
    for path in MEASURED.glob("*_noise.csv"):
        with path.open(newline="") as table:
            rows = [row for row in csv.DictReader(table) if row["fingerprint"] == fingerprint]
        if rows:
            return {row["setting"]: Noise(float(row["std"]), int(row["seeds"])) for row in rows}
    return {}


def estimate(score: TaskScore, noise: Mapping[str, Noise]) -> Estimate:
    """A task's score with its error: each setting's variance pools what its own seeds show with the measured noise.

    Two seeds alone say little of a variance; the measured noise lends them the seeds that it was measured on.
    """
    variances, freedom = [], 0
    for setting, scores in score.by_setting.items():
        prior = noise.get(setting, Noise(0.0, 1))
        mean = fmean(scores)
        weight = prior.seeds - 1 + len(scores) - 1
        squares = (prior.seeds - 1) * prior.std**2 + sum((value - mean) ** 2 for value in scores)
        variance = squares / weight if weight else math.inf
        variances.append(max(variance, LEAST_STD**2) / len(scores))
        freedom += weight
    return Estimate(score.mean, math.sqrt(sum(variances)) / len(variances), freedom)


def average(estimates: list[Estimate]) -> Estimate:
    """The mean over tasks."""
    error = math.sqrt(sum(task.error**2 for task in estimates)) / len(estimates)
    freedom = sum(task.degrees_of_freedom for task in estimates)
    return Estimate(fmean(task.mean for task in estimates), error, freedom)


def compare(card: ScoreCard, other: ScoreCard, noise: Mapping[str, Noise]) -> dict[str, Comparison]:
    """Each task, and "average": how `card` stands against `other`. ValueError if their protocols differ."""
    if card.fingerprint != other.fingerprint:
        raise ValueError(
            f"scores of protocol {card.protocol} ({card.fingerprint}) and of {other.protocol} ({other.fingerprint}) "
            "cannot be compared; evaluate both under one protocol"
        )
    mine, theirs = ({task: estimate(s, noise) for task, s in c.tasks.items()} for c in (card, other))
    comparisons = {task: _difference(mine[task], theirs[task]) for task in mine}
    return comparisons | {AVERAGE: _difference(average(list(mine.values())), average(list(theirs.values())))}


def _difference(a: Estimate, b: Estimate) -> Comparison:
    difference, error = a.mean - b.mean, math.hypot(a.error, b.error)
    freedom = a.degrees_of_freedom + b.degrees_of_freedom
    if not math.isfinite(error) or freedom == 0:
        return Comparison(difference, math.inf, 0.0)
    return Comparison(difference, error, student(abs(difference) / error, freedom))


def student(t: float, freedom: int) -> float:
    """P(|T| < t) of Student's distribution, by Simpson's rule after x = sqrt(freedom) tan(angle), which makes the
    density a power of a cosine (Abramowitz and Stegun 26.7)."""
    end, intervals = math.atan(t / math.sqrt(freedom)), 400
    density = [math.cos(end * i / intervals) ** (freedom - 1) for i in range(intervals + 1)]
    integral = (density[0] + 4 * sum(density[1::2]) + 2 * sum(density[2:-1:2]) + density[-1]) * end / intervals / 3
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    return min(1.0, 2 * scale * integral)
