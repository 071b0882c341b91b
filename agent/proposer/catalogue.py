"""The proposer that needs no model: it chooses among all sets of moves, and learns from every result.

Asked what to try next, it draws all effects at once from what is known of them (Thompson sampling over the joint
posterior of agent/science/beliefs.py), and makes the best set of moves by that draw that was not tried. No walk
from parent to child: the parent is the scored set that is nearest. Asked for a change of one variant, it makes that
a move more, one less, or with another variant's moves.
"""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations as pairs_of
from itertools import islice
from random import Random

from agent.core.baselines import TEMPLATE
from agent.core.errors import UsageError
from agent.core.run import Proposal, Run
from agent.core.sentences import joined
from agent.core.text import Text, say
from agent.proposer import NothingToPropose
from agent.proposer.argument import Case, argue
from agent.proposer.combinations import Combinations
from agent.proposer.fitting import fit_moves
from agent.proposer.moves import Move, MovesConflict, compose
from agent.science.beliefs import STRANGER_STD, Beliefs, believe
from agent.science.calibration import corrections
from agent.science.effects import Effect, effects
from agent.science.estimate import AVERAGE
from agent.science.history import History, card_of
from agent.science.steps import Step, barred_steps, is_barred

AUTHOR = "catalogue"
LONGEST_NAME = 124  # and four for a number: agent/store/workspace.py takes 128
MOST_MOVES = 5  # in one variant: what does more is hard to learn from
MOST_ROOTS = 4  # files whose best sets are compared; ranking all sets on one takes milliseconds

Effects = Mapping[str, Mapping[str, Effect]]


@dataclass(frozen=True)
class Idea:
    """A set of moves to try, the parents that it comes from, whose moves were made on the root, and its promise."""

    moves: frozenset[str]
    parents: tuple[Run, ...]
    root: Run
    promise: float


class Catalogue:
    """Proposes sets of moves on the template, and on any other file that moves can be made on.

    `parameters` counts what a network around a file's op learns, by what the file declares. What is over the budget
    could never be called better, so it is proposed only to somebody who asks for it.
    """

    def __init__(
        self, template: str, moves: Mapping[str, Move], parameters: Callable[[str], int] | None = None
    ) -> None:
        self.template = template
        self.moves = moves
        self.parameters = parameters
        self.unfit: set[tuple[str, frozenset[str]]] = set()  # root and moves that cannot be made on it
        self.fits: dict[str, frozenset[str]] = {}  # the id of a root -> moves that fit it

    @cached_property
    def combinations(self) -> Combinations:
        """Every set of moves that may be made together on the template; making the list takes a moment."""
        return Combinations(self.moves, MOST_MOVES)

    @cached_property
    def expected(self) -> Mapping[str, Mapping[str, float]]:
        """Move -> task -> what its author expects of it."""
        return {name: move.expected for name, move in self.moves.items()}

    def choose(self, history: History, draw: Random, among: Collection[str] = ()) -> Proposal | None:
        """The best untried set of moves, by one joint draw of what every move may do: on any file, or those `among`.

        A step from the nearest parent that a person rejected everywhere is left out. None where one of those named was
        itself made of moves: what is made of it alone is not chosen so. Raises NothingToPropose where every set was
        tried or cannot be made.
        """
        named = (run for run in history.scored if run.name in among)
        if any((root := history.root(run)) is not None and root.name not in among for run in named):
            return None
        idea, source = self.best_untried(history, draw, among)
        return self._proposal(history, idea, source, effects(history, self.expected))

    def best_untried(self, history: History, draw: Random, among: Collection[str] = ()) -> tuple[Idea, str]:
        """The same before it is argued for: the idea and its variant file."""
        beliefs = believe(history, self.expected, draw)
        ideas = (self._best_on(history, *root, beliefs) for root in self._roots(history, draw, among))
        found = list(islice((idea for idea in ideas if idea is not None), MOST_ROOTS))
        if not found:
            raise NothingToPropose("every set of moves that the catalogue knows was tried or cannot be made")
        return max(found, key=lambda each: each[0].promise)

    def _best_on(self, history: History, root: Run, bonus: float, beliefs: Beliefs) -> tuple[Idea, str] | None:
        """The best untried set of moves on one file, which lies so far above the template; None where there is none."""
        replaced, barred = {run.proposal.unedited for run in history.runs}, barred_steps(history)
        tried = {frozenset(run.proposal.moves) for run in history.runs if history.root(run) == root}
        fit = self._fit_alone(history, root)
        for moves, promise in self.combinations.ranked(beliefs.drawn_on(root.name)):
            if moves in tried or not moves <= fit or (root.name, moves) in self.unfit:
                continue
            parent = nearest(history, root, moves)
            if is_barred([Step.between(parent.proposal.moves, moves)], barred):
                continue
            idea = Idea(moves, (parent,), root, promise + bonus)
            source = self._fitting(idea)
            if source is not None and source not in replaced and not self._is_larger(history, source):
                return idea, source
        return None

    def _is_larger(self, history: History, source: str) -> bool:
        """Whether a file takes more parameters than the budget allows."""
        if self.parameters is None or history.baseline is None:
            return False
        return self.parameters(source) > history.budget.parameters * card_of(history.baseline).parameters

    def _fit_alone(self, history: History, root: Run) -> frozenset[str]:
        """The moves that fit a file, each without making it larger than the budget allows."""
        if root.id not in self.fits:
            source = self.template if root.name == TEMPLATE else root.proposal.source
            fit = self.moves if root.name == TEMPLATE else fit_moves(source, self.moves).fit
            self.fits[root.id] = frozenset(
                name for name in fit if not self._is_larger(history, compose(source, [self.moves[name]]))
            )
        return self.fits[root.id]

    def _roots(self, history: History, draw: Random, among: Collection[str]) -> list[tuple[Run, float]]:
        """What moves can be made on: the template and every other scored file without moves, or those `among` them.

        With each a draw of how far it lies above the template, the highest first.
        """
        baseline = history.baseline
        if baseline is None:
            return []
        found = [(baseline, 0.0)] if not among or baseline.name in among else []
        for run in history.scored:
            if not run.proposal.moves and run.id != baseline.id and (not among or run.name in among):
                against = history.judge(run, baseline).in_average
                error = against.error if math.isfinite(against.error) else STRANGER_STD
                weight = STRANGER_STD**2 / (STRANGER_STD**2 + error**2)
                found.append((run, draw.gauss(weight * against.difference, math.sqrt(weight) * error)))
        return sorted(found, key=lambda item: -item[1])

    def _fitting(self, idea: Idea) -> str | None:
        """The variant file of an idea; None where its moves do not fit, and of the template that is then known of every
        set that holds the two that are to blame."""
        try:
            return self._make(idea)
        except MovesConflict:
            self.unfit.add((idea.root.name, idea.moves))
            if idea.root.name == TEMPLATE:
                self.combinations.exclude(self._to_blame(idea.moves))
            return None

    def exclude_unfit_pairs(self) -> None:
        """Find out of every two moves whether they can be made together on the template, which takes seconds."""
        for pair in pairs_of(self.combinations.names, 2):
            try:
                compose(self.template, [self.moves[name] for name in pair])
            except MovesConflict:
                self.combinations.exclude(pair)

    def _to_blame(self, moves: frozenset[str]) -> Collection[str]:
        """Two of the moves that do not fit together, or all where any two would."""
        for pair in pairs_of(sorted(moves), 2):
            try:
                compose(self.template, [self.moves[name] for name in pair])
            except MovesConflict:
                return pair
        return moves

    def propose(self, history: History, parent: Run, draw: Random, idea: str = "") -> Proposal:
        """The most promising set of moves that was not tried and can be made; with an idea, the moves that it names.

        Raises NothingToPropose, and UsageError for an idea that names no moves.
        """
        asked = self._named(idea)
        known = effects(history, self.expected)
        drawn = {name: draw.gauss(known[name][AVERAGE].mean, known[name][AVERAGE].error) for name in sorted(known)}
        replaced = {run.proposal.unedited for run in history.runs}  # by a person, with something better
        for candidate in sorted(self._ideas(history, parent, drawn, asked), key=_rank):
            try:
                source = self._make(candidate)
            except MovesConflict:
                continue
            if source not in replaced and (asked or not self._is_larger(history, source)):
                return self._proposal(history, candidate, source, known)
        raise NothingToPropose(f"every change of {parent.name} that the catalogue knows was tried or does not fit")

    def _named(self, idea: str) -> frozenset[str]:
        """The moves that a person's idea names; UsageError, with those that there are, for anything else."""
        words = [word for word in re.split(r"[\s,+]+", idea.strip()) if word not in ("", "and")]
        if strangers := [word for word in words if word not in self.moves]:
            raise UsageError(
                f"the catalogue has no move {strangers[0]!r}; name one or several of {', '.join(self.moves)}, "
                "or ask a model: --proposer model"
            )
        return frozenset(words)

    def _ideas(
        self, history: History, parent: Run, drawn: Mapping[str, float], asked: frozenset[str]
    ) -> Iterator[Idea]:
        """Every untried set of moves that is one step from the parent; if moves are asked for, those are the step.

        A step that a person rejected everywhere is left out, unless a person asks for it.
        """
        root = history.root(parent)
        if root is None:
            return
        own = frozenset(parent.proposal.moves)
        tried = {frozenset(run.proposal.moves) for run in history.runs if history.root(run) == root}
        barred = () if asked else barred_steps(history)

        def idea(moves: frozenset[str], *parents: Run) -> Iterator[Idea]:
            steps = [Step.between(before.proposal.moves, moves) for before in parents]
            if is_barred(steps, barred):
                return
            if 0 < len(moves) <= MOST_MOVES and moves <= self.moves.keys() and moves not in tried:
                yield Idea(moves, parents, root, sum(drawn[name] for name in moves) - sum(drawn[name] for name in own))

        if asked:
            yield from idea(own | asked, parent)
            return
        for name in self.moves.keys() - own:
            yield from idea(own | {name}, parent)
        for name in own & self.moves.keys() if len(own) > 1 else ():
            yield from idea(own - {name}, parent)
        for other in history.scored:
            theirs = frozenset(other.proposal.moves)
            if theirs - own and own - theirs and history.root(other) == root:
                yield from idea(own | theirs, parent, other)

    def _make(self, idea: Idea) -> str:
        """The variant file of an idea: all of its moves made on the template, or on another file without moves."""
        source = self.template if idea.root.name == TEMPLATE else idea.root.proposal.source
        return compose(source, [self.moves[name] for name in sorted(idea.moves)])

    def _proposal(self, history: History, idea: Idea, source: str, known: Effects) -> Proposal:
        parent = idea.parents[0]
        added = sorted(idea.moves - set(parent.proposal.moves))
        removed = sorted(set(parent.proposal.moves) - idea.moves)
        corrected = corrections(history, AUTHOR)
        predicted = predict(parent, added, removed, known, corrected)
        come, go = ([self.moves[name] for name in names] for names in (added, removed))
        return Proposal(
            name=self._name(history, idea),
            source=source,
            author=AUTHOR,
            title=self._title(added, removed),
            parents=tuple(run.name for run in idea.parents),
            moves=tuple(sorted(idea.moves)),
            predicted=predicted,
            argument=argue(history, Case(idea.parents, come, go, known, predicted, corrected)),
            corrected=corrected,
        )

    def _title(self, added: list[str], removed: list[str]) -> Text:
        plus, minus = ([self.moves[name].title for name in names] for names in (added, removed))
        without = [say("title.without", move=title) for title in minus]
        return joined([*plus, *without], "list.semicolon")

    def _name(self, history: History, idea: Idea) -> str:
        """delta_net_4layer_ and the change; a number where that name is taken."""
        names = sorted(idea.moves)
        change = names[0] if len(names) == 1 else "_and_".join(self.moves[name].short for name in names)
        return history.free_name(f"{idea.root.name}_{change}"[:LONGEST_NAME])


def nearest(history: History, root: Run, moves: frozenset[str]) -> Run:
    """The scored run on this root whose moves differ least from these; of equals the one with the highest average."""
    return min(
        (run for run in history.scored if history.root(run) == root),
        key=lambda run: (len(moves ^ {*run.proposal.moves}), -card_of(run).average),
    )


def predict(
    parent: Run, added: Sequence[str], removed: Sequence[str], known: Effects, corrected: Mapping[str, float]
) -> dict[str, float]:
    """The parent's scores, the estimated effects of what changes, and a correction, kept within 0 and 1."""
    changes = {
        task: sum(known[move][task].mean for move in added) - sum(known[move][task].mean for move in removed)
        for task in card_of(parent).scores
    }
    return {
        task: min(1.0, max(0.0, score + changes[task] + corrected.get(task, 0.0)))
        for task, score in card_of(parent).scores.items()
    }


def _rank(idea: Idea) -> tuple[float, list[str]]:
    return -idea.promise, sorted(idea.moves)
