"""Tells `status` and the record of a workspace what each place of a search does; agent/store/places.py keeps that."""

import threading
import time
from dataclasses import dataclass, field, replace

from agent.core.text import Text
from agent.evaluator.progress import Meter
from agent.search.steps import Task
from agent.store.places import Outcome, PlaceEvent, PlaceStatus, record_event
from agent.store.workspace import Workspace


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

    def search(self) -> None:
        """A search begins, whose places are told of next."""
        with self.lock:
            self.now.clear()
        record_event(self.workspace, PlaceEvent(time.time(), "search"))

    def opened(self, place: str) -> None:
        """A place can be given work from now on."""
        self._set(PlaceStatus(place))
        record_event(self.workspace, PlaceEvent(time.time(), "opened", place))

    def closed(self, place: str, why: Text) -> None:
        """A place is gone for good."""
        with self.lock:
            self.now.pop(place, None)
        record_event(self.workspace, PlaceEvent(time.time(), "closed", place, why=why))

    def begun(self, place: str, task: Task) -> None:
        """A place was given a task."""
        at = time.time()
        self._set(PlaceStatus(place, task.work, task.name, task.run, task.leg, task.legs, since=at))
        event = PlaceEvent(at, "begun", place, task.work, task.run, task.name, task.leg, task.legs)
        record_event(self.workspace, event)

    def ended(self, place: str, task: Task, outcome: Outcome) -> None:
        """What became of a place's task."""
        with self.lock:
            if place in self.now:  # it may be closed by now
                self.now[place] = PlaceStatus(place)
        facts = (task.work, task.run, task.name, task.leg, task.legs, outcome)
        record_event(self.workspace, PlaceEvent(time.time(), "ended", place, *facts))

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
