"""Heeds what a person asks of the search from outside of it; agent/store/requests.py keeps that."""

from collections.abc import Callable

from agent.core.errors import UsageError
from agent.core.run import Run
from agent.core.text import ENGLISH, Text, say
from agent.search.budget import Stop
from agent.search.journal import Journal
from agent.store.files import WorkspaceError
from agent.store.requests import QueuedIdea, close_idea, queued_ideas, set_wish, wish_of
from agent.store.workspace import Workspace

ASKED_TO_STOP = Stop(say("stop.asked"))
NOTHING_CAME = say("queue.nothing came")


def asked_to_stop(workspace: Workspace) -> Stop | None:
    """The end that a person asked for; None where nobody did."""
    if wish_of(workspace) != "stop":
        return None
    set_wish(workspace, "go on")  # it was heeded: the next search is another one
    return ASKED_TO_STOP


def propose_queued(
    workspace: Workspace,
    journal: Journal,
    propose: Callable[[str, str], Run | None],
    ready: Callable[[str, str], bool] = lambda idea, parent: True,
) -> Run | None:
    """The run that comes of the oldest queued idea of which any does; None where none waits or nothing comes of them.

    `ready` says of an idea whether `propose` need not wait for it; others are passed over until it is. An idea is
    closed once its run is there, so that a kill in between loses none.
    """
    for queued in queued_ideas(workspace):
        if not (queued.waits and ready(queued.idea, queued.parent)):
            continue
        try:
            run = propose(queued.idea, queued.parent)
        except WorkspaceError:
            raise
        except UsageError as error:  # the person's own words are the reason
            _close(workspace, journal, queued, None, Text(en=str(error)))
            continue
        _close(workspace, journal, queued, run, None if run else NOTHING_CAME)
        if run:
            return run
    return None


def _close(workspace: Workspace, journal: Journal, queued: QueuedIdea, run: Run | None, trouble: Text | None) -> None:
    close_idea(workspace, queued, run, trouble)
    if trouble:
        journal.line(f"· queued {queued.idea or queued.parent!r}: {trouble[ENGLISH]}")
