"""How much of its time each place of a search had something to do, by the record in runs/places.jsonl."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.store.places import PlaceEvent, read_events
from agent.store.workspace import Workspace


@dataclass(frozen=True)
class Busy:
    """The seconds for which a place was open, and those of them in which it had work; of no name: of all together."""

    place: str
    working: float
    open: float

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 of a place that was never open."""
        return min(1.0, self.working / self.open) if self.open > 0 else 0.0


def busy_places(events: Iterable[PlaceEvent], until: float) -> tuple[Busy, ...]:
    """Each place in the order in which it was first opened; a place may have left and joined again.

    `until` is when the search ended or was last heard of, or now: a place that nobody closed was open until then. What
    a kill cut off ends with the last that was heard of its search.
    """
    working: dict[str, float] = {}
    opened: dict[str, float] = {}
    begun: dict[str, float] = {}
    there: dict[str, float] = {}
    heard = 0.0

    def close(place: str, at: float) -> None:
        if place in begun:
            working[place] += max(0.0, at - begun.pop(place))
        if place in opened:
            there[place] += max(0.0, at - opened.pop(place))

    for event in events:
        match event.event:
            case "search":
                for place in [*opened]:
                    close(place, heard)
            case "opened":
                opened.setdefault(event.place, event.at)
                working.setdefault(event.place, 0.0)
                there.setdefault(event.place, 0.0)
            case "closed":
                close(event.place, event.at)
            case "begun" if event.place in opened:
                begun[event.place] = event.at
            case "ended" if event.place in begun:
                working[event.place] += event.at - begun.pop(event.place)
        heard = event.at
    for place in [*opened]:
        close(place, max(until, heard))
    return tuple(Busy(place, working[place], seconds) for place, seconds in there.items())


def busy_together(places: Iterable[Busy]) -> Busy:
    """All places as one."""
    places = tuple(places)
    return Busy("", sum(each.working for each in places), sum(each.open for each in places))


def read_busy(workspace: Workspace, since: float, until: float) -> tuple[Busy, ...]:
    """The places of the search that began then; none of a search by an earlier version."""
    return busy_places(read_events(workspace, since), until)
