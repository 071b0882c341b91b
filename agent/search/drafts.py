"""The next proposal: made when it is asked for, or ahead of time while something else is trained."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random

from agent.core.failure import Failure
from agent.core.run import Proposal
from agent.llm import Connection
from agent.proposer import NothingToPropose, ProposalFailed, Proposer, Repairer
from agent.proposer.parents import rank_parents
from agent.science.comparison import AVERAGE
from agent.science.history import History
from agent.search.background import Background

SECONDS_TO_END = 10.0  # for a draft that nobody waits for any more


@dataclass(frozen=True)
class Draft:
    """A proposal that has no run yet, and why it is of no use, if it is of none."""

    proposal: Proposal
    failure: Failure | None = None


@dataclass(frozen=True)
class Ahead:
    """A draft that is being made, and what was known when it was begun."""

    history: History
    draft: Background[Draft | None]


@dataclass
class Drafts:
    """Chooses a parent and has the proposer make something of it; without a proposer there is nothing.

    A model takes as long as a training. Where the proposer asks one, over `connection`, one draft is made ahead.
    """

    proposer: Proposer | None
    seed: int
    connection: Connection | None = None
    say: Callable[[str], None] = lambda line: None
    ahead: Ahead | None = field(default=None, init=False)

    @contextmanager
    def open(self) -> Iterator[None]:
        """See that a model can be reached, and at the end give up what is being made.

        A check that is under way is waited for, so that it leaves nothing behind.
        """
        if self.proposer is not None and self.connection is not None:
            self.connection.probe()
        try:
            yield
        finally:
            if self.ahead is not None and self.connection is not None:
                self.connection.close()
                self.ahead.draft.wait(SECONDS_TO_END)

    def next(self, history: History, idea: str = "", parent: str = "") -> Draft | None:
        """The draft that was prepared, unless the picture has changed; else a new one. None if nothing is left."""
        if self.ahead is not None and not idea and not parent:
            ahead, self.ahead = self.ahead, None
            draft = ahead.draft.result()
            if draft is not None and not (why := out_of_date(draft, ahead.history, history)):
                return draft
            if draft is not None:
                self.say(f"· dropped {draft.proposal.name}, which was prepared: {why}")
        return self._make(history, idea, parent)

    def prepare(self, history: History) -> None:
        """Begin the next draft, if it takes long and none is being made."""
        if self.proposer is not None and self.connection is not None and self.ahead is None:
            self.ahead = Ahead(history, Background(lambda: self._make(history)))

    def _make(self, history: History, idea: str = "", parent: str = "") -> Draft | None:
        """A draft of what failed in training, else of the most promising parent that anything can still be made of.

        A person may have an idea, or name the parent.
        """
        if self.proposer is None:
            return None
        try:
            repaired = None if idea or parent else repair(self.proposer, history)
            return Draft(repaired) if repaired else self._choose(self.proposer, history, idea, parent)
        except ProposalFailed as failed:
            return Draft(failed.proposal, failed.failure)

    def _choose(self, proposer: Proposer, history: History, idea: str, parent: str) -> Draft | None:
        draw = Random(f"{self.seed} {len(history.runs)}")
        for candidate in rank_parents(history, draw):
            if parent in ("", candidate.name):
                with suppress(NothingToPropose):
                    return Draft(proposer.propose(history, candidate, draw, idea))
        return None


def repair(proposer: Proposer, history: History) -> Proposal | None:
    """What a proposer makes of what failed in training, if it is one that learns from that."""
    return proposer.repair(history) if isinstance(proposer, Repairer) else None


def out_of_date(draft: Draft, then: History, now: History) -> str:
    """Why a draft should not be used any more; nothing if it may be. A failure is recorded in any case."""
    if draft.failure is not None:
        return ""
    if any(run.name == draft.proposal.name for run in now.runs):
        return "its name is taken by now"
    if now.rejected != then.rejected:
        return "a proposal was rejected since"
    best, before = now.best, now.find(then.best.name) if then.best else None
    if best and before and best.id != before.id and now.compare(best, before)[AVERAGE].verdict == "better":
        return f"{best.name} is a new best"
    return ""
