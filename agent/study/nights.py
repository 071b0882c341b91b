"""Simulated nights: what a search of so many rows concludes, laid beside what is true.

The moves, their conflicts, the history, its effects and verdicts, the choice and the confirmation are the project's
own; only the training is made up (agent/study/synthetic.py). An arm is a way to spend the rows of a night: sets of
moves at random, a greedy sweep, the search's own choice, and that choice with a fifth of the rows for confirmation.
The objective is the average of the tasks, as a made-up effect is the same on each.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Literal

import numpy as np

from agent.core.baselines import TEMPLATE
from agent.core.reason import Reason
from agent.core.run import Proposal, Run
from agent.core.score import Confirmation
from agent.core.text import Text
from agent.evaluator.protocols import PROTOCOLS, on_fresh_seeds
from agent.proposer.catalogue import Catalogue
from agent.science.beliefs import shrunken_margins
from agent.science.confirmation import confirmed, finalists, references, winner
from agent.science.estimate import AVERAGE
from agent.science.history import History, Memory
from agent.science.promotion import reason_to_stop
from agent.search.confirmation import MOST_TIMES, SHARE
from agent.study.halving import halved
from agent.study.pieces import Piece
from agent.study.synthetic import Synthetic
from agent.study.truths import Truth, TruthName, truth

ArmName = Literal["random", "sweep", "search", "confirmed", "legs", "halving"]
ARMS: tuple[ArmName, ...] = ("random", "sweep", "search", "confirmed", "legs", "halving")
CHOOSES: tuple[ArmName, ...] = ("search", "confirmed", "legs", "halving")  # by the project's own policy
CONFIRMS: tuple[ArmName, ...] = ("confirmed", "legs", "halving")
# Whether a variant goes no further after the first leg of its row.
STOPS: Mapping[ArmName, Callable[[History, Run], bool]] = {
    "legs": lambda history, run: reason_to_stop(history, run) is not None,
    "halving": halved,
}
STOPPED = Reason.said("stopped after its first leg")


@dataclass(frozen=True)
class Night:
    """What a night came to. Margins are against the template, on the average."""

    truth: TruthName
    arm: ArmName
    regret: float  # of what it recommends, against the best set there is
    told: float  # the margin that it tells of its recommendation
    true: float  # and the true one
    claimed: bool  # whether it calls anything better than the template
    false_claim: bool  # whether what it calls better is no better


@dataclass(frozen=True)
class Conclusion:
    """What a night ends on, the margin that it tells of that, and the run that it calls better, if it does."""

    chosen: Run
    told: float
    claimed: Run | None


@dataclass
class Bench:
    """Where nights are run: the catalogue, the rows of a night, and an evaluator that trains nothing."""

    catalogue: Catalogue
    evaluator: Synthetic
    rows: int

    def __post_init__(self) -> None:
        """What two moves cannot be made together is found out beforehand, so that no night knows more than another."""
        self.catalogue.exclude_unfit_pairs()

    @cached_property
    def makeable(self) -> frozenset[frozenset[str]]:
        """Every set that a sweep may take."""
        possible = self.catalogue.combinations
        fitting = np.flatnonzero(~possible.excluded)
        return frozenset(frozenset(possible.names[index] for index in possible.sets[row]) for row in fitting)

    def night(self, kind: TruthName, arm: ArmName, seed: int) -> Night:
        """One night, the same for the same seed; the truth and the noise of a seed are those of every arm."""
        really = truth(kind, list(self.catalogue.moves), Random(f"{kind} {seed}"))
        evaluator = self.evaluator.another(seed)
        kept = int(SHARE * self.rows) if arm in CONFIRMS else 0
        history = self.searched(really, arm, seed, self.rows - kept)
        found = conclusion(confirming(history, really, evaluator, kept), arm)
        true = really.of(found.chosen.proposal.moves)
        false_claim = found.claimed is not None and really.of(found.claimed.proposal.moves) <= 0
        regret = really.best(self.catalogue.combinations) - true
        return Night(kind, arm, regret, found.told, true, found.claimed is not None, false_claim)

    def searched(self, really: Truth, arm: ArmName, seed: int, rows: int | None = None) -> History:
        """The template and so many rows of an arm, or as many as a night has; nothing is confirmed yet."""
        evaluator, rows = self.evaluator.another(seed), self.rows if rows is None else rows
        memory = Memory(evaluator.noise)
        template = Proposal(TEMPLATE, self.catalogue.template, "baseline", Text(TEMPLATE))
        runs = [scored(0, template, really, evaluator)]
        history = History(tuple(runs), evaluator.noise, memory, objective="average")  # of which the truths are
        chance = Random(f"{'search' if arm in CHOOSES else arm} {seed}")
        left = float(rows)
        while left >= 1.0:
            moves = self._next(history, arm, chance)
            name = f"{TEMPLATE}_" + "_".join(self.catalogue.moves[move].short for move in sorted(moves))
            proposal = Proposal(name, name, "catalogue", Text(name), (TEMPLATE,), tuple(sorted(moves)))
            runs.append(self.trained(history, proposal, really, evaluator, arm))
            left -= 1.0 if runs[-1].scored else self.share_of_first_leg
            history = History(tuple(runs), evaluator.noise, memory, objective="average")
        return history

    def trained(self, history: History, proposal: Proposal, really: Truth, evaluator: Synthetic, arm: ArmName) -> Run:
        """A variant's row, or its first leg where the arm stops it there."""
        run = scored(len(history.runs), proposal, really, evaluator)
        if arm not in STOPS:
            return run
        leg = evaluator.card(proposal.name, really.of(proposal.moves), evaluator.protocol.leg_parts()[0])
        part = replace(run, card=None, legs=(leg,))
        return replace(part, stopped=STOPPED) if STOPS[arm](history, part) else run

    @cached_property
    def share_of_first_leg(self) -> float:
        """What the first leg costs of a row, by the count of its operations, tasks included that are made up no scores
        of."""
        whole = PROTOCOLS[self.evaluator.protocol.name]
        first = whole.leg_parts()[0]
        return Piece(TEMPLATE, first).cost / Piece(TEMPLATE, whole).cost

    def _next(self, history: History, arm: ArmName, chance: Random) -> frozenset[str]:
        """The next set of moves to be tried, by the project's policy or without it."""
        if arm in CHOOSES:
            return self.catalogue.best_untried(history, chance)[0].moves
        tried = {frozenset(run.proposal.moves) for run in history.runs}
        wanted = self._random(chance) if arm == "random" else self._sweep(history)
        return next(moves for moves in wanted if moves not in tried)

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


def scored(number: int, proposal: Proposal, really: Truth, evaluator: Synthetic) -> Run:
    """A run with the made-up scores of its moves."""
    card = evaluator.card(proposal.name, really.of(proposal.moves))
    return Run(f"20250101_{number:06}", "analysed", proposal, card.protocol, card.fingerprint, card=card)


def confirming(history: History, really: Truth, evaluator: Synthetic, rows: int) -> History:
    """A history with its finalists and references on fresh seeds, for so many rows; the same where they do not do."""
    chosen = finalists(history)
    everyone = [*references(history), *chosen] if chosen else []
    times = min(MOST_TIMES, rows // len(everyone)) if everyone else 0
    if not times:
        return history
    fresh = on_fresh_seeds(evaluator.protocol, times)
    cards = {run.id: evaluator.card(run.name, really.of(run.proposal.moves), fresh) for run in everyone}
    return replace(history, confirmations={key: Confirmation(times, card) for key, card in cards.items()})


def conclusion(history: History, arm: ArmName) -> Conclusion:
    """What a night says in the end.

    With confirmation a winner, and only that is called better; else the highest posterior mean. Without it the run
    with the highest score is called better if its verdict is, and it is recommended where no policy is at work.
    """
    assert history.best is not None  # the template at least
    if arm in CONFIRMS:
        won = winner(history)
        found = confirmed(history, won) if won else None
        if won and found:
            return Conclusion(won, found.margin, won)
    against = history.against_template(history.best).get(AVERAGE)
    claimed = history.best if arm not in CONFIRMS and against and against.verdict == "better" else None
    if arm in CHOOSES:
        margins = shrunken_margins(history)
        chosen = max(history.scored, key=lambda run: margins[run.id])
        return Conclusion(chosen, margins[chosen.id], claimed)
    return Conclusion(history.best, against.difference if against else 0.0, claimed)
