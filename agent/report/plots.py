"""Draws the data of the figures."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from agent.core.text import say
from agent.report.curves import GRID, Panel
from agent.report.ideas import Ideas
from agent.report.markup import page_of
from agent.report.progress import Attempt, Progress
from agent.report.standing import Standing, shade
from agent.report.svg import Scale, drawing, element, grid, path, words
from agent.science.comparison import Estimate
from agent.science.effects import Effect

Place = Callable[[Attempt], float]

LEFT, RIGHT, TOP, BOTTOM = 56.0, 12.0, 40.0, 52.0
CLICKABLE = 240  # the latest points lead to their pages; older ones are dots of one path, which cost nothing
LABELLED = 6  # records whose change is written beside them
LABEL_GAP = 20.0  # pixels between two labels
LETTER = 7.5  # pixels that a letter of a label is wide, at most
LANE = 3.0  # pixels below the axis, above its numbers: where the crosses of the failed ones stand
STRIP_WIDTH, STRIP_HEIGHT = 200.0, 22.0


@dataclass(frozen=True)
class Size:
    """The size of a large figure: of two that are drawn, the page shows the one that fits its window."""

    name: str
    width: float
    height: float


WIDE, NARROW = Size("wide", 960.0, 400.0), Size("narrow", 400.0, 330.0)  # the narrow one has neither links nor names


def draw_progress(data: Progress, by_hours: bool, label: str) -> Markup:
    """The best so far against evaluations or hours of training; discarded points are faint, records named."""
    return Markup("").join(_progress(data, by_hours, label, size) for size in (WIDE, NARROW))


def _progress(data: Progress, by_hours: bool, label: str, size: Size) -> Markup:
    scores = [attempt.score for attempt in data.attempts if attempt.score is not None] or [0.0, 1.0]
    low, high = min(scores), max(scores)
    room = 0.08 * (high - low) or 0.05
    y = Scale(max(0.0, low - room), min(1.0, high + 1.6 * room), size.height - BOTTOM - 18, TOP)
    last = data.attempts[-1] if data.attempts else None
    end = (last.hours if by_hours else float(last.number)) if last else 1.0
    x = Scale(0.0, end or 1.0, LEFT, size.width - RIGHT)
    frame = grid(x, y, say("page.hours" if by_hours else "page.evaluations"), say("page.average score"))

    def place(attempt: Attempt) -> float:
        return x(attempt.hours if by_hours else float(attempt.number))

    clickable = CLICKABLE if size is WIDE else 0
    names = _labels(data, place, x, y) if size is WIDE else ()
    parts = [*_template(data, x, y), *frame, *_points(data, place, y, clickable), *names]
    return drawing(size.width, size.height, parts, label, f"plot {size.name}")


def _template(data: Progress, x: Scale, y: Scale) -> Iterator[Markup]:
    if data.template is None:
        return
    top, foot = (max(y.end, min(y.start, y(data.template + sign * data.half_width))) for sign in (1, -1))
    yield element("rect", x=x.start, y=top, width=x.end - x.start, height=max(1.0, foot - top), class_="band")
    level = y(data.template)
    yield element("line", x1=x.start, x2=x.end, y1=level, y2=level, class_="template")
    yield words(say("page.template"), x.end, level + 16, "note end")


def _points(data: Progress, place: Place, y: Scale, clickable: int) -> Iterator[Markup]:
    records = data.records
    if records:
        line = [(place(record), y(record.score or 0.0)) for record in records]
        end = (place(data.attempts[-1]), line[-1][1])
        yield path([*line, end], "best", steps=True)
    plain = [attempt for attempt in data.attempts if attempt.mark != "record"]
    old = len(plain) - clickable
    yield from _dots(plain[: max(0, old)], place, y)
    for attempt in (*plain[max(0, old) :], *records):
        shape = _cross(place(attempt), y.start + LANE) if attempt.score is None else element(
            "circle", cx=place(attempt), cy=y(attempt.score), r=5 if attempt.mark == "record" else 3.5,
        )  # fmt: skip
        title = element("title", attempt.standing.run.name)
        yield element("a", title, shape, href=page_of(attempt.standing.run), class_=attempt.mark, tabindex=-1)


def _dots(attempts: Sequence[Attempt], place: Place, y: Scale) -> Iterator[Markup]:
    """All points of a kind as one path of lines without length, whose round ends are the dots."""
    for mark in ("discarded", "kept", "failed"):
        chosen = [attempt for attempt in attempts if attempt.mark == mark]
        dots = (f"M{place(a):.1f} {y(a.score) if a.score is not None else y.start + LANE:.1f}h0" for a in chosen)
        if chosen:
            yield element("path", d="".join(dots), class_=f"dots {mark}")


def _cross(x: float, y: float) -> Markup:
    return element("path", d=f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8")


def _labels(data: Progress, place: Place, x: Scale, y: Scale) -> Iterator[Markup]:
    """What the latest records changed, written above the records that they reach over, each higher than the last."""
    floor = y.start
    for record in data.records[-LABELLED:]:
        text = record.label if len(record.label) <= 44 else record.label[:43] + "…"
        at = place(record)
        right = at > (x.start + x.end) / 2
        first, last = (at - LETTER * len(text), at) if right else (at, at + LETTER * len(text))
        below = [y(other.score or 0.0) for other in data.records if first <= place(other) <= last]
        level = min(min(below) - 10, floor - LABEL_GAP)
        if level < TOP / 3:
            return
        floor = level
        yield element(
            "text", text, x=at - 8 if right else at + 8, y=level, class_=f"label{' end' * right}", translate="no"
        )


def draw_panel(panel: Panel, label: str) -> Markup:
    """One task's learning curves."""
    width, height = 300.0, 190.0
    x, y = Scale(0.0, 1.0, 38.0, width - 10), Scale(0.0, 1.0, height - 26, 12.0)

    def line(curve: Sequence[float], kind: str) -> Markup:
        return path(((x(share), y(value)) for share, value in zip(GRID, curve, strict=True)), kind)

    frame = [element("line", x1=x.start, x2=x.end, y1=y(t), y2=y(t), class_="grid") for t in (0.0, 0.5, 1.0)]
    ticks = [element("text", f"{t:g}", x=x.start - 6, y=y(t), dy="0.35em", class_="tick end") for t in (0.0, 0.5, 1.0)]
    shares = [
        element("text", f"{share:.0%}", x=x(share), y=height - 8, class_=f"tick {where}")
        for share, where in ((0.0, ""), (0.5, "middle"), (1.0, "end"))
    ]
    template = [line(panel.template, "mean template")] if panel.template else []
    lines = [*(line(curve, "seed") for curve in panel.seeds), *template, line(panel.mean, "mean")]
    return drawing(width, height, [*frame, *ticks, *shares, *lines], label, "plot small")


def strip(
    known: Estimate | Effect, low: float, high: float, tick: float | None, expected: float | None, sure: bool
) -> Markup:
    """A score on a line: a dot within 95 percent of its noise, a tick to compare with, a diamond for the prediction."""
    x = Scale(low, high, 6.0, STRIP_WIDTH - 6)
    middle = STRIP_HEIGHT / 2

    def at(value: float) -> float:
        return min(x.end, max(x.start, x(value)))

    parts = [element("line", x1=x.start, x2=x.end, y1=middle, y2=middle, class_="rail")]
    if tick is not None:
        parts.append(element("line", x1=at(tick), x2=at(tick), y1=3, y2=STRIP_HEIGHT - 3, class_="template"))
    if math.isfinite(known.half_width):
        left, right = (at(known.mean + sign * known.half_width) for sign in (-1, 1))
        parts.append(element("line", x1=left, x2=right, y1=middle, y2=middle, class_="whisker"))
    if expected is not None:
        e = at(expected)
        parts.append(element("path", d=f"M{e - 5:.1f} {middle:g}l5 -5l5 5l-5 5z", class_="expected"))
    parts.append(element("circle", cx=at(known.mean), cy=middle, r=4, class_="dot" if sure else "dot open"))
    return element("svg", *parts, viewBox=f"0 0 {STRIP_WIDTH:g} {STRIP_HEIGHT:g}", class_="strip", aria_hidden="true")


def draw_lineage(data: Progress, lines: Sequence[tuple[str, str, bool]], label: str) -> Markup:
    """Every scored variant by its number and average, coloured by its difference from the template, and its parents."""
    return Markup("").join(_lineage(data, lines, label, size) for size in (WIDE, NARROW))


def _lineage(data: Progress, lines: Sequence[tuple[str, str, bool]], label: str, size: Size) -> Markup:
    scored = {a.standing.run.id: a for a in data.attempts if a.score is not None}
    scores = [attempt.score or 0.0 for attempt in scored.values()] or [0.0, 1.0]
    room = 0.08 * (max(scores) - min(scores)) or 0.05
    y = Scale(max(0.0, min(scores) - room), min(1.0, max(scores) + room), size.height - BOTTOM, TOP)
    x = Scale(0.0, float(len(data.attempts)) + 1.0, LEFT, size.width - RIGHT)
    places = {run_id: (x(float(a.number)), y(a.score or 0.0)) for run_id, a in scored.items()}
    known = [(old, new, second) for old, new, second in lines if old in places and new in places]
    curves = [
        element("path", d="".join(_curve(*places[old], *places[new]) for old, new, second in known if second is kind),
                class_=name)
        for kind, name in ((False, "edge"), (True, "edge second"))
    ]  # fmt: skip
    radius = 6 if len(scored) < 200 else 4
    dots = [_node(attempt.standing, *places[run_id], radius) for run_id, attempt in scored.items()]
    frame = grid(x, y, say("page.evaluations"), say("page.average score"))
    return drawing(size.width, size.height, [*frame, *curves, *dots], label, f"plot {size.name}")


def _node(standing: Standing, x: float, y: float, radius: int) -> Markup:
    circle = element("circle", element("title", standing.run.name), cx=x, cy=y, r=radius)
    kind = f"node {shade(standing.margin) or 'plain'}"
    return element("a", circle, href=page_of(standing.run), class_=kind, tabindex=-1)


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    middle = (x1 + x2) / 2
    return f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def draw_calibration(data: Ideas, label: str) -> Markup:
    """Each predicted change against the measured one."""
    pairs = [
        (outcome.change, outcome.comparison.difference, outcome.hit)
        for _, outcome in data.outcomes
        if outcome.comparison is not None
    ]
    reach = max([0.05, *(abs(value) for change, seen, _ in pairs for value in (change, seen))]) * 1.05
    size = 460.0
    x, y = Scale(-reach, reach, LEFT, size - 16), Scale(-reach, reach, size - BOTTOM, 32.0)
    wrong = [
        element("rect", x=x(left), y=y(top), width=x(reach) - x(0.0), height=y(0.0) - y(reach), class_="wrong")
        for left, top in ((-reach, reach), (0.0, 0.0))
    ]
    diagonal = path([(x(-reach), y(-reach)), (x(reach), y(reach))], "diagonal")
    places = {
        name: "".join(f"M{x(change):.1f} {y(seen):.1f}h0" for change, seen, hit in pairs if hit is kind)
        for name, kind in (("missed", False), ("hit", True))
    }
    dots = [element("path", class_=f"dots {name}", d=drawn) for name, drawn in places.items() if drawn]
    frame = grid(x, y, say("page.predicted change"), say("page.measured change"))
    return drawing(size, size, [*wrong, *frame, diagonal, *dots], label, "plot square")
