"""The proposer that needs no model: an evolutionary search over combinations of moves that learns from every result."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from agent.core.baselines import TEMPLATE
from agent.core.errors import UsageError
from agent.core.run import Proposal, Run
from agent.core.sentences import joined
from agent.core.text import Text, say
from agent.proposer import NothingToPropose
from agent.proposer.argument import Case, argue
from agent.proposer.moves import Move, MovesConflict, compose
from agent.science.calibration import corrections
from agent.science.comparison import AVERAGE
from agent.science.effects import Effect, effects
from agent.science.history import History, card_of
from agent.science.steps import Step, barred_steps, is_barred

AUTHOR = "catalogue"
LONGEST_NAME = 124  # and four for a number: agent/store/workspace.py takes 128
MOST_MOVES = 5  # in one variant: what does more is hard to learn from

Effects = Mapping[str, Mapping[str, Effect]]


@dataclass(frozen=True)
class Idea:
    """A set of moves to try, the parents that it comes from, whose moves were made on the root, and its promise."""

    moves: frozenset[str]
    parents: tuple[Run, ...]
    root: Run
    promise: float


class Catalogue:
    """Proposes a parent with one move more, one less, or with another scored variant's moves.

    Which of these: a draw from what is known of each move's effect on the average (Thompson sampling), so that a move
    is tried while it may still be good, and no longer.
    """

    def __init__(self, template: str, moves: Mapping[str, Move]) -> None:
        self.template = template
        self.moves = moves

    def propose(self, history: History, parent: Run, draw: Random, idea: str = "") -> Proposal:
        """The most promising set of moves that was not tried and can be made; with an idea, the moves that it names.

        Raises NothingToPropose, and UsageError for an idea that names no moves.
        """
        asked = self._named(idea)
        known = effects(history, {name: move.expected for name, move in self.moves.items()})
        drawn = {name: draw.gauss(known[name][AVERAGE].mean, known[name][AVERAGE].error) for name in sorted(known)}
        replaced = {run.proposal.unedited for run in history.runs}  # by a person, with something better
        for candidate in sorted(self._ideas(history, parent, drawn, asked), key=_rank):
            try:
                source = self._make(candidate)
            except MovesConflict:
                continue
            if source not in replaced:
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
