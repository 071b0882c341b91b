"""Variants worth going on from beside the best: each is the first in something of its own."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

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
    found += [Niche("leader", leader_of(history, fair, task), task) for task in card_of(fair[0]).scores]
    found.append(Niche("fewest parameters", _leanest(history, fair)))
    different = _most_different(history, fair)
    return [*found, Niche("most different", different)] if different else found


def leader_of(history: History, runs: Sequence[Run], task: str) -> Run:
    """The highest score of a task; of equals the one that is best in all."""
    return max(runs, key=lambda run: (card_of(run).scores[task], history.merit(run)))


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
