"""The night as lanes: when the search was proposing, checking, training and writing notes, when it did nothing of
these, and what each cost; and what each place trained (agent/report/place_lanes.py).

A training is told by its run's milestones, and what is said to a model by its transcript, so both are known of every
search. When the search itself was proposing, checking or writing is told by the phases that it records, which searches
of earlier versions did not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from agent.core.run import Run
from agent.llm.transcript import Exchange
from agent.report.morning import LatestSearch, finished_at
from agent.report.place_lanes import PlaceLanes, place_lanes
from agent.store.places import PlaceEvent
from agent.store.status import Phase

LaneName = Literal["proposing", "checking", "training", "writing notes", "idle", "not recorded"]
Span = tuple[float, float]  # seconds since the epoch

OF_PHASE: Mapping[str, LaneName] = {
    "proposing": "proposing",
    "checking": "checking",
    "training": "training",
    "measuring the noise with": "training",
    "confirming": "training",
    "verifying": "training",
    "analysing": "writing notes",
}
OF_PURPOSE: Mapping[str, LaneName] = {"propose": "proposing", "repair": "proposing", "analyse": "writing notes"}


@dataclass(frozen=True)
class Lane:
    """When one thing was done, and what the model's calls for it cost in dollars; None where no price is known."""

    name: LaneName
    spans: tuple[Span, ...]
    dollars: float | None = None

    @property
    def seconds(self) -> float:
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True)
class Lanes:
    """A search from its start to its end, or to what is known of it so far."""

    started: float
    ended: float
    lanes: tuple[Lane, ...]
    places: PlaceLanes = field(default_factory=PlaceLanes)

    def share(self, lane: Lane) -> float:
        """Of the whole time."""
        return lane.seconds / (self.ended - self.started)

    @property
    def dollars(self) -> float | None:
        """What all lanes cost together."""
        priced = [lane.dollars for lane in self.lanes if lane.dollars is not None]
        return sum(priced) if priced else None


def lanes(
    search: LatestSearch,
    runs: Sequence[Run],
    phases: Sequence[Phase],
    exchanges: Sequence[Exchange],
    events: Sequence[PlaceEvent] = (),
) -> Lanes | None:
    """The lanes of the latest search; None where none is known or nothing has happened in it.

    `runs` are those of the workspace, `phases` what the search recorded, `exchanges` what was said to a model, `events`
    what happened at the places. Where these are known, they alone say when anything was trained.
    """
    start = search.started
    if start is None:
        return None
    times = [milestone.at for run in runs for milestone in run.milestones]
    end = search.ended or max([start, *times, *(phase.at for phase in phases), *(event.at for event in events)])
    if end <= start:
        return None
    places = place_lanes(runs, events, start, end)
    spans: dict[LaneName, list[Span]] = {name: [] for name in dict.fromkeys(OF_PHASE.values())}
    for name, found in (*_of_runs(runs), *_of_phases(phases, end), *_of_exchanges(exchanges)):
        if name != "training" or not places.lanes:
            spans[name].append(found)
    spans["training"] += [(each.start, each.end) for lane in places.lanes for each in lane.stretches]
    known = {name: merged(found, start, end) for name, found in spans.items()}
    costs = _costs(exchanges, start)
    drawn = [Lane(name, found, costs.get(name)) for name, found in known.items() if found or name in costs]
    rest: LaneName = "idle" if phases else "not recorded"
    left = without(merged([span for found in known.values() for span in found], start, end), start, end)
    return Lanes(start, end, (*drawn, *((Lane(rest, left),) if left else ())), places)


def merged(spans: Iterable[Span], start: float, end: float) -> tuple[Span, ...]:
    """Spans in their order, within bounds, those that touch made one."""
    found: list[Span] = []
    for first, last in sorted((max(start, first), min(end, last)) for first, last in spans):
        if last <= first:
            continue
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def without(spans: Sequence[Span], start: float, end: float) -> tuple[Span, ...]:
    """What lies between spans that are in their order and do not touch."""
    edges = [start, *(at for span in spans for at in span), end]
    return tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a)


def _of_runs(runs: Iterable[Run]) -> Iterable[tuple[LaneName, Span]]:
    for run in runs:
        began, ended = run.reached("evaluating"), finished_at(run)
        if began is not None and ended > began:
            yield "training", (began, ended)


def _of_phases(phases: Sequence[Phase], end: float) -> Iterable[tuple[LaneName, Span]]:
    """A phase lasts until the next one."""
    for phase, until in zip(phases, [*(phase.at for phase in phases[1:]), end], strict=False):
        if phase.name in OF_PHASE:
            yield OF_PHASE[phase.name], (phase.at, until)


def _of_exchanges(exchanges: Iterable[Exchange]) -> Iterable[tuple[LaneName, Span]]:
    for exchange in exchanges:
        if exchange.purpose in OF_PURPOSE:
            yield OF_PURPOSE[exchange.purpose], (exchange.at, exchange.at + exchange.seconds)


def _costs(exchanges: Iterable[Exchange], start: float) -> dict[LaneName, float]:
    costs: dict[LaneName, float] = {}
    for exchange in exchanges:
        if exchange.dollars is not None and exchange.purpose in OF_PURPOSE and exchange.at >= start:
            name = OF_PURPOSE[exchange.purpose]
            costs[name] = costs.get(name, 0.0) + exchange.dollars
    return costs
