"""Draws what a search did when, a lane each."""

import time
from collections.abc import Iterator

from markupsafe import Markup

from agent.core.text import say
from agent.report.lanes import Lane, Lanes
from agent.report.svg import NARROW, WIDE, Scale, Size, drawing, element, words

LANE_HEIGHT, BAR, AXIS = 34.0, 16.0, 30.0
NAME_WIDTH = 132.0  # of the wide figure, where a lane's name stands before it; in the narrow one it stands above it
CLOCK_STEPS = (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48)  # hours between two numbers of the axis


def draw_lanes(data: Lanes, label: str) -> Markup:
    """The search from its start to its end; a bar is when something was done."""
    return Markup("").join(_drawn(data, size, label) for size in (WIDE, NARROW))


def _drawn(data: Lanes, size: Size, label: str) -> Markup:
    step = LANE_HEIGHT if size is WIDE else LANE_HEIGHT + 16.0
    height = step * len(data.lanes) + AXIS
    x = Scale(data.started, data.ended, NAME_WIDTH if size is WIDE else 4.0, size.width - 12.0)
    parts = [*_hours(data, size, x, height)]
    for place, lane in enumerate(data.lanes):
        parts += _lane(lane, size, x, place * step)
    return drawing(size.width, height, parts, label, f"plot {size.name}")


def _lane(lane: Lane, size: Size, x: Scale, top: float) -> Iterator[Markup]:
    above = 6.0 if size is WIDE else 22.0
    name = say(f"page.lane {lane.name}")
    yield words(name, 0.0 if size is WIDE else x.start, top + (19.0 if size is WIDE else 15.0), "lane")
    yield element("line", x1=x.start, x2=x.end, y1=top + above + BAR, y2=top + above + BAR, class_="grid")
    bars = "".join(
        f"M{x(start):.1f} {top + above:.1f}h{max(0.6, x(end) - x(start)):.1f}v{BAR:g}H{x(start):.1f}z"
        for start, end in lane.spans
    )
    yield element("path", d=bars, class_=f"bar {lane.name.replace(' ', '-')}")


def _hours(data: Lanes, size: Size, x: Scale, height: float) -> Iterator[Markup]:
    """Full hours by the clock of the machine that writes the page."""
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
