"""Tells `status` and the record of a workspace what each place of a search does; agent/store/places.py keeps that."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from agent.core.run import Run
from agent.core.score import ScoreCard
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.progress import Meter
from agent.evaluator.protocol import Protocol as ScoringProtocol
from agent.store.places import Outcome, PlaceEvent, PlaceStatus, Work, record_event
from agent.store.workspace import Workspace


@dataclass(frozen=True)
class Task:
    """What is given to a place: a leg of a run, the first being 1."""

    work: Work
    run: str  # its id
    name: str  # of its variant
    leg: int = 1
    legs: int = 1


class Train(Protocol):
    """What trains a run's variant under a protocol and has its scores; EvaluationFailed where it comes to none."""

    def __call__(self, run: Run, protocol: ScoringProtocol, work: Work = ..., /) -> ScoreCard: ...


@dataclass
class PlaceLog:
    """The places of one search. Threads that watch a training may tell how far it is."""

    workspace: Workspace
    lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    now: dict[str, PlaceStatus] = field(default_factory=dict, init=False)

    @property
    def statuses(self) -> tuple[PlaceStatus, ...]:
        """What each place does, in the order in which they were opened."""
        with self.lock:
            return tuple(self.now.values())

    def search(self, places: Iterable[str]) -> None:
        """A search begins, with these places."""
        with self.lock:
            self.now.clear()
        record_event(self.workspace, PlaceEvent(time.time(), "search"))
        for place in places:
            self.opened(place)

    def opened(self, place: str) -> None:
        """A place can be given work from now on."""
        self._set(PlaceStatus(place))
        record_event(self.workspace, PlaceEvent(time.time(), "opened", place))

    def closed(self, place: str) -> None:
        """A place is gone for good."""
        with self.lock:
            self.now.pop(place, None)
        record_event(self.workspace, PlaceEvent(time.time(), "closed", place))

    def begun(self, place: str, task: Task) -> None:
        """A place was given a task."""
        at = time.time()
        self._set(PlaceStatus(place, task.work, task.name, task.run, task.leg, task.legs, since=at))
        event = PlaceEvent(at, "begun", place, task.work, task.run, task.name, task.leg, task.legs)
        record_event(self.workspace, event)

    def ended(self, place: str, task: Task, outcome: Outcome) -> None:
        """What became of a place's task."""
        self._set(PlaceStatus(place))
        facts = (task.work, task.run, task.name, task.leg, task.legs, outcome)
        record_event(self.workspace, PlaceEvent(time.time(), "ended", place, *facts))

    @contextmanager
    def working(self, place: str, task: Task) -> Iterator[None]:
        """A place has a task from its begin to its end, however that comes."""
        self.begun(place, task)
        outcome: Outcome = "interrupted"
        try:
            yield
            outcome = "finished"
        except EvaluationFailed:
            outcome = "failed"
            raise
        finally:
            self.ended(place, task, outcome)

    def progress(self, place: str, meter: Meter, training: str) -> None:
        """How far a place is with its task."""
        with self.lock:
            if (status := self.now.get(place)) is not None and status.work:
                self.now[place] = replace(
                    status, share=meter.fraction, seconds_left=meter.seconds_left, training=training
                )

    def _set(self, status: PlaceStatus) -> None:
        with self.lock:
            self.now[status.place] = status
