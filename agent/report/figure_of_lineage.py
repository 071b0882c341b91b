"""Draws which variant was made of which."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from agent.core.text import say
from agent.report.labels import Box, Room, Spot, above, dot_box, shortened, text_box
from agent.report.markup import page_of, short
from agent.report.progress import Attempt, Progress
from agent.report.standing import shade
from agent.report.svg import BOTTOM, LEFT, NAME_ABOVE, NARROW, RIGHT, TOP, WIDE, Scale, Size, drawing, element, grid

CROWDED = 300  # scored variants: with more of them only the way to the best is drawn, and the rest are pale dots
Edge = tuple[str, str, bool]  # the ids of a parent and its child, and whether it is a further parent


@dataclass(frozen=True)
class Places:
    """Where each scored variant stands, by its id, and the ids of those that the best was made of, and its own."""

    size: Size
    x: Scale
    y: Scale
    attempts: Mapping[str, Attempt]
    way: tuple[str, ...]

    def __getitem__(self, run_id: str) -> tuple[float, float]:
        attempt = self.attempts[run_id]
        return self.x(float(attempt.number)), self.y(attempt.score or 0.0)

    @property
    def crowded(self) -> bool:
        return len(self.attempts) > CROWDED

    @property
    def radius(self) -> int:
        return 6 if len(self.attempts) < 200 else 4


def draw_lineage(data: Progress, lines: Sequence[Edge], way: Sequence[str], label: str) -> Markup:
    """Every scored variant by its number and average, coloured by its difference from the template, and its parents.

    `way` leads to the best: the ids of its ancestors, oldest first, and its own.
    """
    return Markup("").join(_drawn(_places(data, way, size), lines, label) for size in (WIDE, NARROW))


def _places(data: Progress, way: Sequence[str], size: Size) -> Places:
    scored = {a.standing.run.id: a for a in data.attempts if a.score is not None}
    scores = [attempt.score or 0.0 for attempt in scored.values()] or [0.0, 1.0]
    room = 0.08 * (max(scores) - min(scores)) or 0.05
    y = Scale(max(0.0, min(scores) - room), min(1.0, max(scores) + 1.6 * room), size.height - BOTTOM, TOP)
    x = Scale(0.0, float(len(data.attempts)) + 1.0, LEFT, size.width - RIGHT)
    return Places(size, x, y, scored, tuple(run_id for run_id in way if run_id in scored))


def _drawn(places: Places, lines: Sequence[Edge], label: str) -> Markup:
    known = [edge for edge in lines if edge[0] in places.attempts and edge[1] in places.attempts]
    frame = grid(places.x, places.y, say("page.evaluations"), say("page.average score"), NAME_ABOVE)
    parts = [*frame, *_edges(places, known), *_nodes(places), *_name_of_best(places)]
    links = places.size is WIDE and places.attempts
    size = places.size
    return drawing(size.width, size.height, parts, label, f"plot {size.name}", "group" if links else "img")


def _edges(places: Places, lines: Sequence[Edge]) -> Iterator[Markup]:
    if not places.crowded:
        for kind, name in ((False, "edge"), (True, "edge second")):
            drawn = "".join(_curve(*places[old], *places[new]) for old, new, second in lines if second is kind)
            yield element("path", d=drawn, class_=name)
    drawn = "".join(_curve(*places[old], *places[new]) for old, new in zip(places.way, places.way[1:], strict=False))
    if drawn:
        yield element("path", d=drawn, class_="edge way")


def _nodes(places: Places) -> Iterator[Markup]:
    plain = [run_id for run_id in places.attempts if run_id not in places.way]
    if places.crowded:
        yield from _pale(places, plain)
    for run_id in (*(() if places.crowded else plain), *places.way):
        standing = places.attempts[run_id].standing
        x, y = places[run_id]
        kind = f"node {shade(standing.margin) or 'plain'}{' way' * (run_id in places.way)}"
        if places.size is WIDE:
            circle = element("circle", element("title", standing.run.name), cx=x, cy=y, r=places.radius)
            yield element("a", circle, href=page_of(standing.run), class_=kind, tabindex=-1)
        else:
            yield element("g", element("circle", cx=x, cy=y, r=places.radius), class_=kind)


def _pale(places: Places, runs: Sequence[str]) -> Iterator[Markup]:
    """Dots without lines or links, one path a colour."""
    by_colour: dict[str, list[str]] = {}
    for run_id in runs:
        by_colour.setdefault(shade(places.attempts[run_id].standing.margin) or "plain", []).append(run_id)
    for colour, chosen in sorted(by_colour.items()):
        dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in map(places.__getitem__, chosen))
        yield element("path", d=dots, class_=f"dots pale {colour}")


def _name_of_best(places: Places) -> Iterator[Markup]:
    """The best is the highest but for those that cost more, so that little stands above it."""
    if not places.attempts:
        return
    best = places.way[-1] if places.way else max(places.attempts, key=lambda each: places.attempts[each].score or 0.0)
    x, y = places[best]
    font, top = places.size.font, y - places.radius - 6
    text = shortened(short(places.attempts[best].standing.run.name), font, max(x - LEFT, places.x.end - x))
    room = Room(Box(0.0, 0.0, places.size.width, places.size.height))
    room.take([text_box(say("page.average score"), font, Spot(places.x.start, places.y.end - NAME_ABOVE))])
    room.take(dot_box(*places[run_id], places.radius) for run_id in places.attempts)
    spot = room.first_free(text, font, above(x, top, 4, 16.0)) or Spot(x, top, end=x > places.size.width / 2)
    yield element("text", text, x=spot.x, y=spot.y, class_=f"label top{' end' * spot.end}", translate="no")


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    middle = (x1 + x2) / 2
    return f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
