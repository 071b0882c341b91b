"""What a person decides about a waiting proposal, with a terminal or without one."""

from agent.core.errors import UsageError
from agent.core.run import PERSON, Review, Run
from agent.store.workspace import Workspace


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


def reject(workspace: Workspace, run: Run, reason: str) -> Run:
    """Have it never trained. The reason is what later proposals learn from. StaleRun as for `approve`."""
    if not reason.strip():
        raise UsageError("a rejection needs a reason: the next proposals learn from it")
    return workspace.advance(run, "rejected", review=Review("rejected", PERSON, reason.strip()))
