"""Heeds what a person asks of the search from outside of it; agent/store/requests.py keeps that."""

import time
from collections.abc import Callable

from agent.core.errors import UsageError
from agent.core.run import Run
from agent.core.text import ENGLISH, Text, say
from agent.search.budget import Ledger, Stop
from agent.search.journal import Journal
from agent.store.files import WorkspaceError
from agent.store.requests import (
    QueuedIdea,
    close_idea,
    close_to_confirm,
    queued_ideas,
    set_wish,
    to_confirm,
    wish_of,
)
from agent.store.workspace import Workspace

LOOK = 0.5  # seconds between two looks at whether a pause is over
ASKED_TO_STOP = Stop(say("stop.asked"))
NOTHING_CAME = say("queue.nothing came")


def heed(workspace: Workspace, ledger: Ledger, journal: Journal) -> Stop | None:
    """Why to stop now, which may be that a person asked for it; else None, after a pause if there is to be one.

    The time of a pause counts towards the hours: they say when a search ends, not how long it works.
    """
    paused = False
    while (stop := ledger.stop()) is None:
        wish = wish_of(workspace)
        if wish == "stop":
            set_wish(workspace, "go on")  # it was heeded: the next search is another one
            return ASKED_TO_STOP
        if wish == "go on":
            return None
        if not paused:
            journal.phase("paused")
            paused = True
        time.sleep(LOOK)
    return stop


def confirm_asked(workspace: Workspace, confirm: Callable[[Run], str]) -> bool:
    """Confirm the first run of which a person asked that; False where none waits.

    `confirm` returns why a run could not be trained, or nothing. A request is closed once the scores are there or the
    training has failed; one that was interrupted waits for the next search.
    """
    asked = next((each for each in to_confirm(workspace) if each.waits), None)
    if asked is None:
        return False
    run = next((run for run in workspace.history().scored if run.id == asked.run), None)
    if run is None:
        close_to_confirm(workspace, asked, say("confirm.gone"))
    elif trouble := confirm(run):
        close_to_confirm(workspace, asked, say("confirm.trouble", reason=trouble))
    elif run.id in workspace.history().confirmations:
        close_to_confirm(workspace, asked)
    return True


def propose_queued(workspace: Workspace, journal: Journal, propose: Callable[[str, str], Run | None]) -> Run | None:
    """The run that comes of the oldest queued idea of which any does; None where none waits or nothing comes of them.

    An idea is closed once its run is there, so that a kill in between loses none.
    """
    for queued in queued_ideas(workspace):
        if not queued.waits:
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
