"""What a person decides about a waiting proposal: at a terminal, on a page, or by options."""

from contextlib import suppress
from dataclasses import replace

from agent.core.errors import UsageError
from agent.core.run import PERSON, Review, Run
from agent.science.steps import waiting_alike
from agent.store.workspace import StaleRun, Workspace


def waiting(workspace: Workspace, key: str | None = None) -> tuple[Run, ...]:
    """The proposals that wait for a decision, oldest first; with a run's id or variant's name, that one.

    UsageError, saying where it stands, for a run that does not wait.
    """
    if key is None:
        return tuple(run for run in workspace.history().runs if run.stage == "proposed")
    run = workspace.find(key)
    if run.stage != "proposed":
        raise UsageError(f"run {run.id} ({run.name}) is {run.stage} and does not wait for a decision")
    return (run,)


def approve(workspace: Workspace, run: Run, remark: str = "") -> Run:
    """Have it trained. StaleRun if somebody decided otherwise, or edited it, meanwhile."""
    return workspace.advance(run, "approved", review=Review("approved", PERSON, remark.strip()))


def reject(workspace: Workspace, run: Run, reason: str, everywhere: bool = False) -> tuple[Run, ...]:
    """Have it never trained. The reason is what later proposals learn from. StaleRun as for `approve`.

    With `everywhere` no proposer does again to any variant what this one does to its parent, and what waits and does
    the same is rejected with it. Returns all that was rejected, this run first.
    """
    if not reason.strip():
        raise UsageError("a rejection needs a reason: the next proposals learn from it")
    review = Review("rejected", PERSON, reason.strip())
    alike = waiting_alike(workspace.history(), run) if everywhere else ()
    found = [workspace.advance(run, "rejected", review=replace(review, everywhere=everywhere))]
    for other in alike:
        with suppress(StaleRun):  # somebody decided about it just now, and that stands
            found.append(workspace.advance(other, "rejected", review=review))
    return tuple(found)
