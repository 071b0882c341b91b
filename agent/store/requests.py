"""What a person asks of a search while it runs, in files of runs/ that it reads.

These are ideas to try next, runs to confirm on fresh seeds, a pause and an end.
"""

import json
import time
from dataclasses import asdict, dataclass, replace
from typing import Literal, get_args

from agent.core.errors import UsageError
from agent.core.run import Run
from agent.core.text import Text
from agent.store.files import WorkspaceError, reading
from agent.store.workspace import RUNS, Workspace

QUEUE, CONFIRM = "queue", "to_confirm"  # folders with a file an idea, and a file a run
WISH = "wish.json"  # what the search is to do
LONGEST = 4_000  # characters of an idea

Wish = Literal["go on", "pause", "stop"]


class NothingIsSearching(WorkspaceError):
    """There is no search that could pause or stop."""


@dataclass(frozen=True)
class QueuedIdea:
    """An idea that is to be tried next, or a variant from which to go on, or both; and what became of it.

    `run` is the id of the run that came of it. `trouble` says why none did.
    """

    id: str
    idea: str
    parent: str = ""
    run: str = ""
    trouble: Text | None = None

    @property
    def waits(self) -> bool:
        return not self.run and self.trouble is None


@dataclass(frozen=True)
class ToConfirm:
    """A scored run, by its id, that is to be trained on fresh seeds. `trouble` says why it could not be."""

    run: str
    done: bool = False
    trouble: Text | None = None

    @property
    def waits(self) -> bool:
        return not self.done and self.trouble is None


class AskedAlready(UsageError):
    """Somebody asked for the same before."""


def queue_idea(workspace: Workspace, idea: str, parent: str = "") -> QueuedIdea:
    """Have the search that runs, or the next one, propose along an idea, from this scored variant or from any.

    UsageError where there is neither, or the variant has no score.
    """
    idea = idea.strip()[:LONGEST]
    if not idea and not parent:
        raise UsageError("say what to try, or from which variant")
    if parent and workspace.history().find(parent) is None:
        raise UsageError(f"{parent} has no score to go on from")
    queued = QueuedIdea(f"{time.time_ns()}", idea, parent)
    _keep(workspace, queued)
    return queued


def queued_ideas(workspace: Workspace) -> tuple[QueuedIdea, ...]:
    """Every idea that was ever queued, oldest first."""
    found = []
    for path in sorted((workspace.root / RUNS / QUEUE).glob("[0-9]*.json")):
        with reading(path):
            facts = json.loads(path.read_text(encoding="utf-8"))
            trouble = Text(**facts["trouble"]) if facts["trouble"] else None
            found.append(QueuedIdea(**facts | {"trouble": trouble}))
    return tuple(found)


def close_idea(workspace: Workspace, queued: QueuedIdea, run: Run | None, trouble: Text | None = None) -> None:
    """Keep what became of an idea."""
    _keep(workspace, replace(queued, run=run.id if run else "", trouble=trouble))


def ask_to_confirm(workspace: Workspace, run: Run) -> None:
    """Have the search that runs train a scored run on fresh seeds after its step.

    NothingIsSearching where none does, AskedAlready where it was asked for and is yet to come or was confirmed, and
    UsageError for what cannot be confirmed. After a failure it may be asked for again.
    """
    history = workspace.history()
    if not run.scored:
        raise UsageError(f"{run.name} has no score: only a scored run can be confirmed")
    if history.baseline is None or run.id == history.baseline.id:
        raise UsageError("a run is confirmed against the template: name another run, once the template has a score")
    if run.id in history.confirmations or any(asked.run == run.id and asked.waits for asked in to_confirm(workspace)):
        raise AskedAlready(f"{run.name} is confirmed already, or is about to be")
    if workspace.locks.searcher() is None:
        raise NothingIsSearching(f"{workspace.root}: no search is running here")
    _keep_to_confirm(workspace, ToConfirm(run.id))


def to_confirm(workspace: Workspace) -> tuple[ToConfirm, ...]:
    """Every run of which it was ever asked, oldest run first."""
    found = []
    for path in sorted((workspace.root / RUNS / CONFIRM).glob("[0-9]*.json")):
        with reading(path):
            facts = json.loads(path.read_text(encoding="utf-8"))
            trouble = Text(**facts["trouble"]) if facts["trouble"] else None
            found.append(ToConfirm(**facts | {"trouble": trouble}))
    return tuple(found)


def close_to_confirm(workspace: Workspace, asked: ToConfirm, trouble: Text | None = None) -> None:
    """Keep that a run was confirmed, or why it could not be."""
    _keep_to_confirm(workspace, replace(asked, done=trouble is None, trouble=trouble))


def ask_of_search(workspace: Workspace, wish: Wish) -> None:
    """Tell the search that runs what to do after its step. NothingIsSearching where none does."""
    if workspace.locks.searcher() is None:
        raise NothingIsSearching(f"{workspace.root}: no search is running here")
    set_wish(workspace, wish)


def set_wish(workspace: Workspace, wish: Wish) -> None:
    """What `wish_of` will say; written where it differs."""
    if wish_of(workspace) != wish:
        workspace.keep(WISH, json.dumps({"wish": wish}) + "\n")


def wish_of(workspace: Workspace) -> Wish:
    """What a person wants the search to do."""
    path = workspace.root / RUNS / WISH
    with reading(path):
        wish: Wish = json.loads(path.read_text(encoding="utf-8"))["wish"] if path.exists() else "go on"
        if wish not in get_args(Wish):
            raise ValueError(f"{wish!r} is none of {', '.join(get_args(Wish))}")
    return wish


def _keep(workspace: Workspace, queued: QueuedIdea) -> None:
    facts = asdict(queued) | {"trouble": queued.trouble.words if queued.trouble else None}
    workspace.keep(f"{QUEUE}/{queued.id}.json", json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


def _keep_to_confirm(workspace: Workspace, asked: ToConfirm) -> None:
    facts = asdict(asked) | {"trouble": asked.trouble.words if asked.trouble else None}
    workspace.keep(f"{CONFIRM}/{asked.run}.json", json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
