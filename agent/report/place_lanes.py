"""The night at each place of a search: what was trained there when, leg by leg, and how busy the place was.

The record in runs/places.jsonl tells it. Searches of earlier versions wrote none, and have no place of their own here.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.core.run import Run
from agent.store.busy import Busy, busy_places, busy_together
from agent.store.places import PlaceEvent, Stint, stints

Work = Literal["training", "measuring", "confirming", "verifying"]
OF_WORK: dict[str, Work] = {
    "training": "training",
    "measuring the noise with": "measuring",
    "confirming": "confirming",
    "verifying": "verifying",
}
IN_VAIN = ("lost", "interrupted")  # outcomes of which nothing is left


@dataclass(frozen=True)
class Stretch:
    """A leg, or another piece of work, in seconds since the epoch. Faint is what led to no row: its variant was stopped
    after a leg, or the leg was lost with its place. `leg` is 1 for the first leg of a row and for what has no legs."""

    start: float
    end: float
    work: Work
    leg: int = 1
    faint: bool = False


@dataclass(frozen=True)
class PlaceLane:
    """One place from the start of a search to its end."""

    place: str
    stretches: tuple[Stretch, ...]
    busy: Busy


@dataclass(frozen=True)
class PlaceLanes:
    """Every place of a search, in the order in which they were opened; none of one that recorded none."""

    lanes: tuple[PlaceLane, ...] = ()

    @property
    def together(self) -> Busy:
        """All places as one."""
        return busy_together(lane.busy for lane in self.lanes)

    @property
    def works(self) -> frozenset[Work]:
        """What was done at any of them."""
        return frozenset(stretch.work for lane in self.lanes for stretch in lane.stretches)

    @property
    def faint(self) -> bool:
        """Whether any stretch is."""
        return any(stretch.faint for lane in self.lanes for stretch in lane.stretches)


def place_lanes(runs: Iterable[Run], events: Sequence[PlaceEvent], start: float, end: float) -> PlaceLanes:
    """What the record of a search says of each place between two moments."""
    stopped = {run.id for run in runs if run.stopped is not None}
    done: dict[str, list[Stretch]] = {}
    for stint in stints(events):
        first, last = max(start, stint.begun), min(end, end if stint.ended is None else stint.ended)
        if last > first:
            done.setdefault(stint.place, []).append(_stretch(stint, first, last, stopped))
    return PlaceLanes(
        tuple(PlaceLane(busy.place, tuple(done.get(busy.place, ())), busy) for busy in busy_places(events, end))
    )


def _stretch(stint: Stint, first: float, last: float, stopped: Collection[str]) -> Stretch:
    faint = stint.outcome in IN_VAIN or (stint.run in stopped and stint.work == "training")
    return Stretch(first, last, OF_WORK[stint.work], stint.leg, faint)
