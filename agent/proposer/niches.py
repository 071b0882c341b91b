"""Variants worth going on from beside the best: each is the first in something of its own."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, pvariance

from agent.core.run import Run
from agent.proposer.parents import rank_parents
from agent.science.history import History, card_of
from agent.science.signature import distance


@dataclass(frozen=True)
class Niche:
    """What a variant is the first in, and the variant. `task` is the task that it leads, where that is what it does."""

    name: str
    run: Run
    task: str = ""


def niches(history: History, draw: Random, among: Collection[str] = ()) -> list[Niche]:
    """The most promising variant, each task's leader, the one with the fewest parameters, and the most different one.

    Of those that are named, or of all. What exceeds the budget of means leads nothing; the leanest is no worse than the
    template, and the most different one belongs to the better half. One variant may stand for several niches.
    """
    promising = [run for run in rank_parents(history, draw) if not among or run.name in among]
    fair = [run for run in promising if not history.excess(run)]
    if not fair:
        return [Niche("most promising", promising[0])] if promising else []
    found = [Niche("most promising", fair[0])]
    for task, beliefs in task_beliefs(history, fair).items():
        leader = max(fair, key=lambda run: (beliefs[run.id].mean, history.merit(run)))
        found.append(Niche("leader", leader, task))
    found.append(Niche("fewest parameters", _leanest(history, fair)))
    different = _most_different(history, fair)
    return [*found, Niche("most different", different)] if different else found


@dataclass(frozen=True)
class Belief:
    """What is believed of a variant's score on a task: mean and standard deviation."""

    mean: float
    std: float


def task_beliefs(history: History, runs: Sequence[Run]) -> dict[str, dict[str, Belief]]:
    """Task -> run id -> what is believed of the score, once its noise is discounted.

    A score counts as far as the scores of the task are spread by more than their noise (Morris 1983, empirical Bayes):
    where they are not, the highest is the luckiest, and all are believed to be alike.
    """
    found = {}
    for task in card_of(runs[0]).scores:
        known = {run.id: history.estimates(run)[task] for run in runs}
        noise = {key: each.error**2 if math.isfinite(each.error) else 0.0 for key, each in known.items()}
        centre = fmean(each.mean for each in known.values())
        real = max(0.0, pvariance(each.mean for each in known.values()) - fmean(noise.values()))
        weights = {key: real / (real + noise[key]) if real + noise[key] else 1.0 for key in known}
        found[task] = {
            key: Belief(centre + weights[key] * (each.mean - centre), math.sqrt(weights[key] * noise[key]))
            for key, each in known.items()
        }
    return found


def _leanest(history: History, runs: Sequence[Run]) -> Run:
    good = [run for run in runs if (found := history.judgement(run)) is None or found.verdict not in ("worse", "mixed")]
    return min(good or runs, key=lambda run: (card_of(run).parameters, -history.merit(run)))


def _most_different(history: History, runs: Sequence[Run]) -> Run | None:
    """The one of the better half whose answers on fixed inputs are furthest from those of all that are better."""
    ranked = sorted(runs, key=history.merit, reverse=True)
    best = ranked[: (len(ranked) + 1) // 2]

    def apart(place: int) -> float:
        to_better = [distance(best[place].signature, other.signature) for other in best[:place]]
        finite = [each for each in to_better if math.isfinite(each)]
        return min(finite, default=0.0)

    place = max(range(len(best)), key=apart)
    return best[place] if apart(place) > 0 else None
