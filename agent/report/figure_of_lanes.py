"""Draws what a search did when: a lane for each place, and one for each thing that the search itself does."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from agent.core.text import Text, say
from agent.report.lanes import Lane, Lanes
from agent.report.place_lanes import PlaceLane, Stretch
from agent.report.svg import NARROW, WIDE, Scale, Size, drawing, element, words

LANE_HEIGHT, BAR, AXIS = 34.0, 16.0, 30.0
NAME_WIDTH = 132.0  # of the wide figure, where a lane's name stands before it; in the narrow one it stands above it
FULL = 8  # places with a lane as high as the others; more have thin ones that share THIN_HEIGHT
THIN_HEIGHT, THINNEST, THICKEST = 512.0, 2.5, 12.0
THIN_NAME_WIDTH = 104.0  # of the narrow figure with thin lanes, whose names stand before them
BETWEEN_NAMES = 17.0  # from the line of one name to the next: of thinner lanes not each has its name
LETTER = 0.58  # of the size of the font: about as wide as a letter or a figure
GAP = 1.0  # between two legs
CLOCK_STEPS = (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48)  # hours between two numbers of the axis


@dataclass(frozen=True)
class Band:
    """Where a lane stands: from its top, so many pixels for its bar, with its name on a line, or without one."""

    top: float
    bar: float
    name_x: float
    name_y: float | None


@dataclass(frozen=True)
class Frame:
    """The size of a figure, its clock, and whether its places have thin lanes."""

    size: Size
    x: Scale
    thin: bool

    @classmethod
    def of(cls, data: Lanes, size: Size) -> "Frame":
        thin = len(data.places.lanes) > FULL
        narrow_left = THIN_NAME_WIDTH if thin else 4.0
        left = NAME_WIDTH if size is WIDE else narrow_left
        return cls(size, Scale(data.started, data.ended, left, size.width - 12.0), thin)

    @property
    def names_above(self) -> bool:
        """Whether a lane's name stands above it."""
        return self.size is NARROW and not self.thin

    @property
    def letters(self) -> int:
        """How many of a name stand before a lane."""
        return int((self.x.start - 8.0) / (LETTER * self.size.font)) if not self.names_above else 40

    def band(self, top: float) -> Band:
        """A lane of the full height."""
        if self.names_above:
            return Band(top + 22.0, BAR, self.x.start, top + 15.0)
        return Band(top + 6.0, BAR, 0.0, top + 19.0)

    @property
    def step(self) -> float:
        return LANE_HEIGHT + (16.0 if self.names_above else 0.0)


def draw_lanes(data: Lanes, label: str) -> Markup:
    """The search from its start to its end; a bar is when something was done."""
    return Markup("").join(_drawn(data, Frame.of(data, size), label) for size in (WIDE, NARROW))


def _drawn(data: Lanes, frame: Frame, label: str) -> Markup:
    places, others = data.places.lanes, [lane for lane in data.lanes if not (data.places.lanes and _is_training(lane))]
    bands, top = _bands(frame, len(places))
    height = top + frame.step * len(others) + AXIS
    parts = [*_hours(data, frame, height)]
    for place, band in zip(places, bands, strict=True):
        parts += _place(place, frame, band)
    for number, lane in enumerate(others):
        parts += _lane(lane, frame, frame.band(top + number * frame.step))
    return drawing(frame.size.width, height, parts, label, f"plot {frame.size.name}")


def _is_training(lane: Lane) -> bool:
    return lane.name == "training"


def _bands(frame: Frame, count: int) -> tuple[list[Band], float]:
    """Where the lanes of so many places stand, and where what follows begins."""
    if not frame.thin:
        return [frame.band(number * frame.step) for number in range(count)], count * frame.step
    step = min(THICKEST, max(THINNEST, THIN_HEIGHT / count))
    each = max(1, -int(-BETWEEN_NAMES // step))  # the lanes between two names, rounded up
    first = 14.0  # the name of the first lane has room above it
    bands = [
        Band(
            first + number * step, 0.8 * step, 0.0, None if number % each else first + number * step + 0.4 * step + 4.5
        )
        for number in range(count)
    ]
    return bands, first + count * step + 8.0


def _place(lane: PlaceLane, frame: Frame, band: Band) -> Iterator[Markup]:
    yield from _ground(Text(_cut(lane.place, frame.letters)), frame, band)
    kinds = dict.fromkeys(_kind(stretch) for stretch in lane.stretches)
    for kind in kinds:
        of_kind = [stretch for stretch in lane.stretches if _kind(stretch) == kind]
        spans = [(stretch.start, stretch.end) for stretch in of_kind]
        yield element("path", d=_bars(spans, frame, band, GAP), class_=f"bar {kind}")
    later = [frame.x(stretch.start) for stretch in lane.stretches if stretch.leg > 1]
    if later:
        marks = "".join(f"M{x:.1f} {band.top - 1:.1f}v{band.bar + 2:.1f}" for x in later)
        yield element("path", d=marks, class_="leg")


def _kind(stretch: Stretch) -> str:
    return f"{stretch.work} faint" if stretch.faint else stretch.work


def _lane(lane: Lane, frame: Frame, band: Band) -> Iterator[Markup]:
    yield from _ground(say(f"page.lane {lane.name}"), frame, band)
    yield element("path", d=_bars(lane.spans, frame, band), class_=f"bar {lane.name.replace(' ', '-')}")


def _ground(name: Text, frame: Frame, band: Band) -> Iterator[Markup]:
    """A lane's name and the line that it stands on."""
    if band.name_y is not None:
        yield words(name, band.name_x, band.name_y, "lane")
    foot = band.top + band.bar
    yield element("line", x1=frame.x.start, x2=frame.x.end, y1=foot, y2=foot, class_="grid")


def _bars(spans: Iterable[tuple[float, float]], frame: Frame, band: Band, gap: float = 0.0) -> str:
    """One path of all bars; between two that touch is a gap, where they are wide enough for one."""
    x = frame.x
    parts = []
    for start, end in spans:
        width = x(end) - x(start)
        shown = max(0.6, width - gap if width > 3 * gap else width)
        parts.append(f"M{x(start):.1f} {band.top:.1f}h{shown:.1f}v{band.bar:.1f}H{x(start):.1f}z")
    return "".join(parts)


def _cut(name: str, letters: int) -> str:
    """A place's name with its middle left out where it is longer: nodes differ in front, GPUs behind."""
    if len(name) <= letters:
        return name
    tail = letters // 2
    return f"{name[: letters - 1 - tail]}…{name[-tail:]}"


def _hours(data: Lanes, frame: Frame, height: float) -> Iterator[Markup]:
    """Full hours by the clock of the machine that writes the page."""
    size, x = frame.size, frame.x
    hours, most = (data.ended - data.started) / 3600, 8 if size is WIDE else 4
    step = next((step for step in CLOCK_STEPS if hours / step <= most), 24.0 * max(1, round(hours / 24 / most)))
    offset = time.localtime(data.started).tm_gmtoff
    at = ((data.started + offset) // (3600 * step) + 1) * 3600 * step - offset
    while at < data.ended:
        yield element("line", x1=x(at), x2=x(at), y1=4, y2=height - AXIS + 4, class_="grid")
        clock = time.strftime("%H:%M", time.localtime(at))
        if x(at) < size.width - 24 and x(at) > x.start + 12:
            yield element("text", clock, x=x(at), y=height - 8, class_="tick middle")
        at += 3600 * step
