"""What each place of a search does, now and before: the record that `status`, the report and a replayed night read.

A place is where one evaluation runs at a time: "cpu", "cuda:3", or "node2/cuda:0" on a cluster. `runs/places.jsonl` has
a line for each thing that happened, in the order in which the search decided it or heard of it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from agent.core.text import Text
from agent.store.files import append, reading
from agent.store.workspace import RUNS, Workspace

PLACES = "places.jsonl"

Work = Literal["training", "measuring the noise with", "confirming", "verifying"]  # as the phases of a search are named
Outcome = Literal["finished", "failed", "lost", "interrupted"]  # lost: with its place, and begun again at another one
Kind = Literal["search", "opened", "closed", "begun", "ended"]


@dataclass(frozen=True)
class PlaceStatus:
    """What a place does now; no work for a place that is free. Times are seconds since the epoch."""

    place: str
    work: str = ""  # a Work
    run: str = ""  # the name of a variant
    id: str = ""  # of its run
    leg: int = 1  # the first leg is 1
    legs: int = 1
    since: float = 0.0
    share: float = 0.0  # of the leg, by tokens
    seconds_left: float | None = None  # of the leg; None before that can be told
    training: str = ""  # task, step, loss, accuracy


@dataclass(frozen=True)
class PlaceEvent:
    """Something that happened at a place, at a time in seconds since the epoch.

    "search" begins a search, whose places are opened next; a line "begun" is a decision, and "ended" is its answer.
    `why` says why a place was closed.
    """

    at: float
    event: Kind
    place: str = ""
    work: Work | Literal[""] = ""
    run: str = ""  # its id
    name: str = ""  # of its variant
    leg: int = 1
    legs: int = 1
    outcome: Outcome | Literal[""] = ""
    why: Text | None = None


@dataclass(frozen=True)
class Stint:
    """A piece of work at one place, from its begin to its end. `ended` is None while it is under way.

    `outcome` is None while it is under way, and where a kill ended it.
    """

    place: str
    work: Work
    run: str
    name: str
    begun: float
    leg: int = 1
    legs: int = 1
    ended: float | None = None
    outcome: Outcome | None = None


def record_event(workspace: Workspace, event: PlaceEvent) -> None:
    """Add to what happened at the places of a workspace; a field that says nothing is left out."""
    facts = {name: value for name, value in vars(event).items() if value not in ("", None)}
    if event.why is not None:
        facts["why"] = dict(event.why.words)
    apart = "\n" if event.event == "search" else ""  # a kill may have torn the last line
    append(workspace.root / RUNS / PLACES, apart + json.dumps(facts, ensure_ascii=False) + "\n")


def read_events(workspace: Workspace, since: float = 0.0) -> tuple[PlaceEvent, ...]:
    """What happened since then, oldest first. A line that a kill tore is left out."""
    path = workspace.root / RUNS / PLACES
    found = []
    with reading(path):
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                facts = json.loads(line)
                event = PlaceEvent(**facts | {"why": Text(**facts["why"]) if "why" in facts else None})
            except (ValueError, TypeError):
                continue
            if event.event in get_args(Kind) and event.at >= since:
                found.append(event)
    return tuple(found)


def stints(events: Iterable[PlaceEvent]) -> tuple[Stint, ...]:
    """What was done at each place, in the order in which it was begun.

    What was under way when a search was killed has no outcome, and ends with the last that was heard of that search.
    """
    found: list[Stint] = []
    under_way: dict[str, int] = {}  # place -> where its stint stands in `found`
    heard = 0.0
    for event in events:
        if event.event == "search":
            for index in under_way.values():
                found[index] = replace(found[index], ended=heard)
            under_way.clear()
        elif event.event == "begun" and event.work:
            under_way[event.place] = len(found)
            found.append(Stint(event.place, event.work, event.run, event.name, event.at, event.leg, event.legs))
        elif event.event == "ended" and event.place in under_way:
            index = under_way.pop(event.place)
            found[index] = replace(found[index], ended=event.at, outcome=event.outcome or None)
        heard = event.at
    return tuple(found)


def read_stints(workspace: Workspace, since: float = 0.0) -> tuple[Stint, ...]:
    """What was done at each place since then; nothing of a search by an earlier version."""
    return stints(read_events(workspace, since))
