"""What a proposal does to a variant, in moves of the catalogue, and which of that a person never wants to see again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.core.run import Proposal, Run
from agent.core.text import Text, say
from agent.science.history import History


@dataclass(frozen=True)
class Step:
    """The moves that are made and those that are taken back on the way from a variant to another."""

    made: frozenset[str]
    taken_back: frozenset[str]

    @classmethod
    def between(cls, before: Iterable[str], after: Iterable[str]) -> "Step":
        """The step from a variant with some moves to one with others."""
        old, new = frozenset(before), frozenset(after)
        return cls(new - old, old - new)

    def holds(self, other: "Step") -> bool:
        """Whether this step does all that another does, and perhaps more."""
        return other.made <= self.made and other.taken_back <= self.taken_back

    @property
    def text(self) -> Text:
        """+made −taken_back: names of moves, the same in every language."""
        names = [*(f"+{name}" for name in sorted(self.made)), *(f"−{name}" for name in sorted(self.taken_back))]
        return say("list.same", value=" ".join(names))


def steps_of(history: History, proposal: Proposal) -> tuple[Step, ...]:
    """A proposal's step from each of its parents; none where its moves are not known: a model's, or after an edit."""
    if not proposal.moves:
        return ()
    parents = [history.find(name) for name in proposal.parents]
    found = (Step.between(parent.proposal.moves, proposal.moves) for parent in parents if parent is not None)
    return tuple(step for step in found if step.made or step.taken_back)


def barred_steps(history: History) -> tuple[Step, ...]:
    """The steps that a person rejected everywhere: each rejected proposal's, from the parent that it changed."""
    return tuple(step for run in barred(history) for step in steps_of(history, run.proposal)[:1])


def barred(history: History) -> tuple[Run, ...]:
    """The runs that were rejected everywhere."""
    return tuple(run for run in history.rejected if run.review is not None and run.review.everywhere)


def is_barred(steps: Sequence[Step], barred: Sequence[Step]) -> bool:
    """Whether one of a proposal's steps does what a person never wants to see again."""
    return any(step.holds(never) for step in steps for never in barred)


def waiting_alike(history: History, run: Run) -> tuple[Run, ...]:
    """Other proposals that wait and do what this one does to its parent."""
    mine = steps_of(history, run.proposal)[:1]
    return tuple(
        other
        for other in history.runs
        if other.stage == "proposed" and other.id != run.id and is_barred(steps_of(history, other.proposal), mine)
    )
