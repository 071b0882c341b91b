"""Simulated nights: what a search of so many rows concludes, laid beside what is true.

The moves, their conflicts, the history, its effects and verdicts, and the choice are the project's own;
only the training is made up (agent/study/synthetic.py). An arm is a way to choose the next variant.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from random import Random
from statistics import fmean, stdev
from typing import Literal

import numpy as np

from agent.core.baselines import TEMPLATE
from agent.core.run import Proposal, Run
from agent.core.text import Text
from agent.proposer.catalogue import Catalogue
from agent.proposer.combinations import Combinations
from agent.science.beliefs import shrunken_margins
from agent.science.comparison import AVERAGE, quantile
from agent.science.history import History, Memory
from agent.study.synthetic import Synthetic

TruthName = Literal["null", "two", "many", "small", "interacting"]
ArmName = Literal["random", "sweep", "search"]
TRUTHS: tuple[TruthName, ...] = ("null", "two", "many", "small", "interacting")
ARMS: tuple[ArmName, ...] = ("random", "sweep", "search")

HELP = 0.03  # what each of two moves adds where two help
MANY, SMALL = 0.02, 0.008  # the spread of effects where many moves do something, and where all are small
PAIRS, PAIR = 20, 0.04  # how many pairs of moves do something to each other, and how much


@dataclass(frozen=True)
class Truth:
    """What every move and pair of moves really adds to the average."""

    effects: Mapping[str, float]
    pairs: Mapping[tuple[str, str], float]

    def of(self, moves: Sequence[str]) -> float:
        held = sorted(moves)
        alone = sum(self.effects[move] for move in held)
        return alone + sum(self.pairs.get(pair, 0.0) for pair in combinations(held, 2))

    def best(self, possible: Combinations) -> float:
        """Of every set that was not found to be impossible, and of the template."""
        effects: dict[str | tuple[str, str], float] = dict(self.effects.items())
        effects.update(self.pairs.items())
        return max(0.0, next(possible.ranked(effects))[1])


def truth(name: TruthName, moves: Sequence[str], chance: Random) -> Truth:
    """One draw of a kind of truth."""
    zeros = dict.fromkeys(moves, 0.0)
    if name == "two":
        return Truth(zeros | dict.fromkeys(chance.sample(list(moves), 2), HELP), {})
    if name == "many":
        return Truth({move: chance.gauss(0, MANY) for move in moves}, {})
    if name == "small":
        return Truth({move: chance.gauss(0, SMALL) for move in moves}, {})
    if name == "interacting":
        pairs = chance.sample(list(combinations(sorted(moves), 2)), PAIRS)
        effects = {move: chance.gauss(0, MANY) if chance.random() < 0.5 else 0.0 for move in moves}
        return Truth(effects, {pair: chance.choice((-PAIR, PAIR)) for pair in pairs})
    return Truth(zeros, {})


@dataclass(frozen=True)
class Night:
    """What a night came to. Margins are against the template, on the average."""

    truth: TruthName
    arm: ArmName
    regret: float  # of what it recommends, against the best set there is
    told: float  # the margin that it tells of its recommendation
    true: float  # and the true one
    better: bool  # whether its best score is called better than the template


@dataclass
class Bench:
    """Where nights are run: the catalogue, the sets of moves that can be made, and an evaluator that trains nothing."""

    catalogue: Catalogue
    evaluator: Synthetic
    rows: int

    @cached_property
    def makeable(self) -> frozenset[frozenset[str]]:
        """Every set that a sweep may take."""
        possible = self.catalogue.combinations
        return frozenset(frozenset(possible.names[index] for index in held) for held in possible.sets)

    def night(self, kind: TruthName, arm: ArmName, seed: int) -> Night:
        """One night, the same for the same seed; the truth and the noise of a seed are those of every arm."""
        really = truth(kind, list(self.catalogue.moves), Random(f"{kind} {seed}"))
        evaluator = self.evaluator.another(seed)
        history = self._searched(really, arm, seed, evaluator)
        best = really.best(self.catalogue.combinations)
        chosen, told = recommendation(history, arm)
        true = really.of(chosen.proposal.moves)
        leader = history.best
        found = history.against_template(leader).get(AVERAGE) if leader else None
        return Night(kind, arm, best - true, told, true, bool(found and found.verdict == "better"))

    def _searched(self, really: Truth, arm: ArmName, seed: int, evaluator: Synthetic) -> History:
        memory = Memory(evaluator.noise)
        runs = [
            self._run(0, Proposal(TEMPLATE, self.catalogue.template, "baseline", Text(TEMPLATE)), really, evaluator)
        ]
        history = History(tuple(runs), evaluator.noise, memory)
        chance = Random(f"{arm} {seed}")
        while len(runs) <= self.rows:
            proposal = self._next(history, arm, chance)
            runs.append(self._run(len(runs), proposal, really, evaluator))
            history = History(tuple(runs), evaluator.noise, memory)
        return history

    def _run(self, number: int, proposal: Proposal, really: Truth, evaluator: Synthetic) -> Run:
        card = evaluator.card(proposal.name, really.of(proposal.moves))
        return Run(f"20250101_{number:06}", "analysed", proposal, card.protocol, card.fingerprint, card=card)

    def _next(self, history: History, arm: ArmName, chance: Random) -> Proposal:
        if arm == "search":
            return self.catalogue.choose(history, chance)
        tried = {frozenset(run.proposal.moves) for run in history.runs}
        wanted = self._random(chance) if arm == "random" else self._sweep(history)
        moves = next(moves for moves in wanted if moves not in tried)
        name = f"{TEMPLATE}_" + "_".join(self.catalogue.moves[move].short for move in sorted(moves))
        return Proposal(name, "", "catalogue", Text(name), (TEMPLATE,), tuple(sorted(moves)))

    def _random(self, chance: Random) -> Iterator[frozenset[str]]:
        possible = self.catalogue.combinations
        rows = np.flatnonzero(~possible.excluded)
        while True:
            yield frozenset(possible.names[index] for index in possible.sets[chance.choice(rows)])

    def _sweep(self, history: History) -> Iterator[frozenset[str]]:
        """Each move alone; then the best score so far with one move more, that with the best score alone first."""
        possible, makeable = self.catalogue.combinations, self.makeable
        yield from (frozenset((name,)) for name in possible.names if frozenset((name,)) in makeable)
        alone = {run.proposal.moves[0]: run for run in history.scored if len(run.proposal.moves) == 1}
        ranked = sorted(alone, key=lambda move: -history.estimates(alone[move])[AVERAGE].mean)
        leaders = sorted(history.scored, key=lambda run: -history.estimates(run)[AVERAGE].mean)
        for leader in leaders:
            for move in ranked:
                if (moves := frozenset({*leader.proposal.moves, move})) in makeable:
                    yield moves


def recommendation(history: History, arm: ArmName) -> tuple[Run, float]:
    """What a night ends on, and the margin that it tells of that: the highest score, or of the search's own the highest
    posterior mean."""
    baseline = history.baseline
    assert baseline is not None
    assert history.best is not None
    if arm == "search":
        margins = shrunken_margins(history)
        chosen = max(history.scored, key=lambda run: margins[run.id])
        return chosen, margins[chosen.id]
    found = history.against_template(history.best).get(AVERAGE)
    return history.best, found.difference if found else 0.0


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean of some nights, and half of its 95 percent interval."""
    if len(values) < 2:
        return fmean(values), math.inf
    return fmean(values), quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
