"""What a model is asked next: a kind of change that has paid so far, of parents that are each the first in something.

The kind is drawn by Thompson sampling over what the earlier changes of each kind gained over their parents, by the
objective of the search. All draws follow from the history and the Random, so that a search that goes on after a kill
chooses as it would have.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from random import Random
from statistics import fmean, pstdev

from agent.core.run import Run
from agent.proposer import NothingToPropose
from agent.proposer.kinds import AIM, CHOSEN, COMBINE, REFINE, Kind, Request
from agent.proposer.niches import Niche, niches, task_beliefs
from agent.science.history import History, card_of

PRIOR = 2.0  # changes of each kind that gained as much as all changes did on the mean: what a new kind begins with


def choose_request(history: History, draw: Random, among: Collection[str] = ()) -> Request:
    """What to ask for next, of the named variants or of all. NothingToPropose where none of them has a score."""
    found = niches(history, draw, among)
    if not found:
        raise NothingToPropose("no variant has a score to go on from")
    pairs = _pairs(found)
    kinds = [kind for kind in CHOSEN.values() if kind is not COMBINE or pairs]
    kind = draw_kind(gains(history), kinds, draw)
    return _request(history, kind, found, pairs, draw)


def gains(history: History) -> dict[str, list[float]]:
    """Kind -> what each of its changes gained over its parents by the objective: nothing where it failed or lost.

    A change that lost costs no more than one that did nothing: its parent is still there. One that failed and was
    repaired is counted once.
    """
    found: dict[str, list[float]] = {}
    repaired = {run.proposal.repairs_of for run in history.runs}
    for run in history.runs:
        parents = [parent for name in run.proposal.parents if (parent := history.find(name))]
        if run.proposal.kind not in CHOSEN or not parents or run.id in repaired:
            continue
        if run.scored:
            over = min(history.judge(run, parent).gain.difference for parent in parents)
            found.setdefault(run.proposal.kind, []).append(0.0 if history.excess(run) else max(0.0, over))
        elif run.failure is not None:
            found.setdefault(run.proposal.kind, []).append(0.0)
    return found


def draw_kind(known: Mapping[str, Sequence[float]], kinds: Sequence[Kind], draw: Random) -> Kind:
    """The kind with the highest draw from what is known of its mean gain: Thompson sampling with a normal posterior.

    The prior is centred on the mean of all gains, and as wide as they are spread.
    """
    every = [gain for each in known.values() for gain in each]
    centre, spread = (fmean(every), pstdev(every)) if every else (0.0, 1.0)
    spread = spread or 1.0  # nothing tells the kinds apart: what was tried least is drawn most often

    def promise(kind: Kind) -> float:
        seen = known.get(kind.name, ())
        weight = len(seen) + PRIOR
        return draw.gauss((sum(seen) + PRIOR * centre) / weight, spread / math.sqrt(weight))

    return max(kinds, key=promise)


def _best_together(history: History, pairs: Sequence[tuple[Run, Run]], draw: Random) -> tuple[Run, Run]:
    """The pair that would reach most if each task kept the higher score of both, by one draw of every score.

    A pair that was combined before comes after all that were not.
    """
    beliefs = task_beliefs(history, history.scored).values()
    runs = dict.fromkeys(run.id for pair in pairs for run in pair)
    drawn = {key: [draw.gauss(by_run[key].mean, by_run[key].std) for by_run in beliefs] for key in runs}
    combined = {frozenset(run.proposal.parents) for run in history.runs if len(run.proposal.parents) > 1}

    def promise(pair: tuple[Run, Run]) -> tuple[bool, float]:
        one, other = (drawn[run.id] for run in pair)
        return {run.name for run in pair} not in combined, fmean(map(max, one, other))

    return max(pairs, key=promise)


def _pairs(found: Sequence[Niche]) -> list[tuple[Run, Run]]:
    """Two variants that are first in different things, neither made of the other: the better one first."""
    runs = list({niche.run.id: niche.run for niche in found}.values())
    return [(one, other) for place, one in enumerate(runs) for other in runs[place + 1 :] if not _kin(one, other)]


def _kin(one: Run, other: Run) -> bool:
    return one.name in other.proposal.parents or other.name in one.proposal.parents


def _request(
    history: History, kind: Kind, found: Sequence[Niche], pairs: Sequence[tuple[Run, Run]], draw: Random
) -> Request:
    """A request of this kind, with its parents drawn among the niches: who is first in more is drawn more often."""
    if kind is COMBINE:
        one, other = sorted(_best_together(history, pairs, draw), key=history.merit, reverse=True)
        return Request(one, kind, other)
    if kind is AIM:
        room = {niche.task: max(0.0, 1.0 - card_of(niche.run).scores[niche.task]) for niche in found if niche.task}
        if any(room.values()):
            (task,) = draw.choices(list(room), list(room.values()))
            leader = next(niche.run for niche in found if niche.task == task)
            return Request(draw.choice([leader, found[0].run]), kind, task=task)
    return Request(draw.choice([niche.run for niche in found]), REFINE if kind is AIM else kind)
