"""The next proposal: made when it is asked for, or ahead of time while something else is trained."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random

from agent.core.baselines import TEMPLATE
from agent.core.errors import Unavailable, UsageError, kind_and_reason
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import Proposal, Run
from agent.core.text import Text
from agent.llm import Connection, Interrupted
from agent.llm.secrets import Censor
from agent.llm.spending import OutOfMoney
from agent.proposer import Chooser, NothingToPropose, ProposalFailed, Proposer, Repairer
from agent.proposer.known import family_of
from agent.proposer.parents import rank_parents
from agent.science.comparison import AVERAGE
from agent.science.history import History
from agent.search.background import Background
from agent.store.files import WorkspaceError

SECONDS_TO_END = 10.0  # for a draft that nobody waits for any more
PROPOSER = "proposer"  # the author of a proposal that was never made
RAISED = "failure.proposer_raised"
REASON = 500  # characters
TRACEBACK = 4000  # characters from its end
# What is no fault of a proposal, and ends or changes the search as its class says.
PASSED_ON = (Unavailable, OutOfMoney, Interrupted, WorkspaceError, NothingToPropose)


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
    start_from: tuple[str, ...] = ()  # known mixers, as agent/core/baselines.py finds them
    ahead: Ahead | None = field(default=None, init=False)
    repairs: bool = field(default=True, init=False)

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
        proposer = self.proposer
        if proposer is None:
            return None
        if self.repairs and not (idea or parent):
            repaired = attempt(history, history.baseline, lambda: repair(proposer, history))
            if repaired is not None:
                self.repairs = not raised(repaired)  # else it would be in the way of every proposal
                return repaired
        return self._choose(proposer, history, idea, parent)

    def _choose(self, proposer: Proposer, history: History, idea: str, parent: str) -> Draft | None:
        draw = Random(f"{self.seed} {len(history.runs)}")
        family = family_of(history, self.start_from) if not parent else ()
        if not (idea or parent or self.start_from) and isinstance(proposer, Chooser):
            chosen = attempt(history, history.baseline, partial(_chosen, proposer, history, draw))
            if chosen is not None:
                return chosen
        for candidate in rank_parents(history, draw):
            if candidate.name == parent or (not parent and (not self.start_from or candidate.name in family)):
                propose = partial(proposer.propose, history, candidate, draw, idea)
                with suppress(NothingToPropose):
                    return attempt(history, candidate, propose, asked_by_a_person=bool(idea or parent))
        return None


def attempt(
    history: History, parent: Run | None, propose: Callable[[], Proposal | None], asked_by_a_person: bool = False
) -> Draft | None:
    """What comes of one call of a proposer; None if it has nothing.

    The one boundary of every proposer: whatever it raises is the failure of this call, recorded with its traceback, and
    the search goes on. PASSED_ON is raised again, and UsageError where a person's own words may be the reason.
    """
    try:
        proposal = propose()
    except ProposalFailed as failed:
        return Draft(failed.proposal, failed.failure)
    except PASSED_ON:
        raise
    except Exception as error:
        if asked_by_a_person and isinstance(error, UsageError):
            raise
        return _failed(history, parent, error)
    return Draft(proposal) if proposal else None


def _failed(history: History, parent: Run | None, error: Exception) -> Draft:
    """The record of a call that raised: a proposal that changes nothing, and the traceback."""
    censor = Censor()
    name = history.free_name(f"{TEMPLATE}_unnamed")
    proposal = Proposal(
        name=name,
        source=parent.proposal.source if parent else "",
        author=PROPOSER,
        title=Text(en=name),
        parents=(parent.name,) if parent else (),
    )
    reason = Reason(RAISED, {"error": censor(kind_and_reason(error))[:REASON]})
    log = censor("".join(traceback.format_exception(error)))
    return Draft(proposal, Failure("unusable reply", reason, log[-TRACEBACK:]))


def raised(draft: Draft) -> bool:
    """Whether a draft records that its proposer raised."""
    return draft.failure is not None and draft.failure.reason.key == RAISED


def _chosen(proposer: Chooser, history: History, draw: Random) -> Proposal | None:
    """What a proposer chooses by itself; None where it has nothing more, or leaves the choice of a parent to others."""
    try:
        return proposer.choose(history, draw)
    except NothingToPropose:
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
