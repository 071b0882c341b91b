"""One call of a proposer, and what it comes to: a proposal, the record of a failure, or nothing."""

import traceback
from collections.abc import Callable, Collection
from dataclasses import replace
from random import Random

from agent.core.baselines import TEMPLATE
from agent.core.errors import Unavailable, UsageError, kind_and_reason
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import Proposal, Run
from agent.core.text import Text, whole_characters
from agent.llm import Interrupted
from agent.llm.secrets import Censor
from agent.llm.spending import OutOfMoney
from agent.proposer import Chooser, NothingToPropose, ProposalFailed, Proposer, Repairer
from agent.science.history import History
from agent.store.drafts import Draft
from agent.store.files import WorkspaceError

PROPOSER = "proposer"  # the author of a proposal that was never made
RAISED = "failure.proposer_raised"
REASON = 500  # characters
TRACEBACK = 4000  # characters from its end
# What is no fault of a proposal, and ends or changes the search as its class says.
PASSED_ON = (Unavailable, OutOfMoney, Interrupted, WorkspaceError, NothingToPropose)


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


def written(history: History, draft: Draft, write: Callable[[Draft], None]) -> Draft:
    """A draft that was written down. Where it cannot be, the record of that failure stands in its place.

    PASSED_ON is raised again: a disk that is full ends the search.
    """
    try:
        write(draft)
    except PASSED_ON:
        raise
    except Exception as error:
        parent = next((found for name in draft.proposal.parents if (found := history.find(name))), history.baseline)
        failed = _failed(history, parent, error)
        draft = replace(failed, proposal=replace(failed.proposal, conversation=draft.proposal.conversation))
        write(draft)
    return draft


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
    reason = Reason(RAISED, {"error": censor(whole_characters(kind_and_reason(error)))[:REASON]})
    log = censor(whole_characters("".join(traceback.format_exception(error))))
    return Draft(proposal, Failure("unusable reply", reason, log[-TRACEBACK:]))


def raised(draft: Draft) -> bool:
    """Whether a draft records that its proposer raised."""
    return draft.failure is not None and draft.failure.reason.key == RAISED


def chosen_by(proposer: Chooser, history: History, draw: Random, among: Collection[str]) -> Proposal | None:
    """What a proposer chooses by itself; None where it has nothing more, or leaves the choice of a parent to others."""
    try:
        return proposer.choose(history, draw, among)
    except NothingToPropose:
        return None


def repair(proposer: Proposer, history: History) -> Proposal | None:
    """What a proposer makes of what failed in training, if it is one that learns from that."""
    return proposer.repair(history) if isinstance(proposer, Repairer) else None
