"""Draws the best so far and every attempt, against evaluations or hours of training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from agent.core.text import say
from agent.report.labels import LETTER, Box, Room, Spot, above, dot_box, shortened, text_box
from agent.report.markup import page_of
from agent.report.progress import Attempt, Progress
from agent.report.svg import (
    BOTTOM,
    LEFT,
    NAME_ABOVE,
    NARROW,
    RIGHT,
    TOP,
    WIDE,
    Scale,
    Size,
    drawing,
    element,
    grid,
    path,
    words,
)

CLICKABLE = 240  # the latest points lead to their pages; older ones are marks of one path, which cost nothing
LABELLED = 6  # records whose change is written beside them, where there is room; the best is always one
LABEL_LEVELS, LABEL_STEP = 6, 19.0
LONGEST = 44  # letters of a label
LANE = 3.0  # pixels below the axis, above its numbers: where the crosses of the failed ones stand
RADIUS, RECORD_RADIUS = 3.5, 5.0


@dataclass(frozen=True)
class Frame:
    """The scales of the figure, and whether the horizontal one is of hours."""

    size: Size
    x: Scale
    y: Scale
    by_hours: bool

    def place(self, attempt: Attempt) -> tuple[float, float]:
        """Where an attempt stands; a failed one has no score and stands below the axis."""
        at = self.x(attempt.hours if self.by_hours else float(attempt.number))
        return at, self.y.start + LANE if attempt.score is None else self.y(attempt.score)


def draw_progress(data: Progress, by_hours: bool, label: str) -> Markup:
    """The best so far against evaluations or hours of training; discarded points are faint, those that were stopped
    after a leg fainter, records named."""
    return Markup("").join(_drawn(data, _frame(data, size, by_hours), label) for size in (WIDE, NARROW))


def _frame(data: Progress, size: Size, by_hours: bool) -> Frame:
    scores = [attempt.score for attempt in data.attempts if attempt.score is not None] or [0.0, 1.0]
    tops = [record.score + record.half_width for record in data.records if record.score is not None]
    low, high = min(scores), max([*scores, *tops])
    room = 0.08 * (high - low) or 0.05
    y = Scale(max(0.0, low - room), min(1.0, high + 1.6 * room), size.height - BOTTOM - 18, TOP)
    last = data.attempts[-1] if data.attempts else None
    end = (last.hours if by_hours else float(last.number)) if last else 1.0
    return Frame(size, Scale(0.0, end or 1.0, LEFT, size.width - RIGHT), y, by_hours)


def _drawn(data: Progress, frame: Frame, label: str) -> Markup:
    x_name, y_name = say("page.hours" if frame.by_hours else "page.evaluations"), say("page.average score")
    room = Room(Box(0.0, 0.0, frame.size.width, frame.size.height))
    room.take([text_box(y_name, frame.size.font, Spot(frame.x.start, frame.y.end - NAME_ABOVE))])
    room.take(dot_box(*frame.place(attempt), RECORD_RADIUS) for attempt in data.attempts)
    room.take(_interval_box(frame, record) for record in data.records)
    labels = [*_labels(data, frame, room), *_template_name(data, frame, room)]
    clickable = CLICKABLE if frame.size is WIDE else 0
    parts = [*_template(data, frame), *grid(frame.x, frame.y, x_name, y_name, NAME_ABOVE), *_intervals(data, frame)]
    parts += [*_points(data, frame, clickable), *labels]
    role = "group" if clickable else "img"
    return drawing(frame.size.width, frame.size.height, parts, label, f"plot {frame.size.name}", role)


def _template(data: Progress, frame: Frame) -> Iterator[Markup]:
    if data.template is None:
        return
    x, y = frame.x, frame.y
    top, foot = (max(y.end, min(y.start, y(data.template + sign * data.half_width))) for sign in (1, -1))
    yield element("rect", x=x.start, y=top, width=x.end - x.start, height=max(1.0, foot - top), class_="band")
    level = y(data.template)
    yield element("line", x1=x.start, x2=x.end, y1=level, y2=level, class_="template")


def _template_name(data: Progress, frame: Frame, room: Room) -> Iterator[Markup]:
    """The name of the template's line where there is room beside it; the legend names it in any case."""
    if data.template is None:
        return
    level, said = frame.y(data.template), say("page.template")
    steps = [frame.x.end - share * (frame.x.end - frame.x.start) for share in (0.0, 0.25, 0.5, 0.75)]
    spots = [Spot(x, level + offset, end=True) for offset in (16.0, -6.0, 30.0) for x in steps]
    spot = room.first_free(said, frame.size.font, spots)
    if spot:
        yield words(said, spot.x, spot.y, "note end")


def _intervals(data: Progress, frame: Frame) -> Iterator[Markup]:
    """95 percent of a record's noise to both sides, where it is known."""
    for record in data.records:
        box = _interval_box(frame, record)
        if box.bottom > box.top:
            x, _ = frame.place(record)
            yield element("line", x1=x, x2=x, y1=box.top, y2=box.bottom, class_="interval")


def _interval_box(frame: Frame, record: Attempt) -> Box:
    x, y = frame.place(record)
    width = record.half_width
    if not width:
        return Box(x, y, x, y)
    top, foot = (frame.y((record.score or 0.0) + sign * width) for sign in (1, -1))
    return Box(x - 1, max(frame.y.end, top), x + 1, min(frame.y.start, foot))


def _points(data: Progress, frame: Frame, clickable: int) -> Iterator[Markup]:
    records = data.records
    if records:
        line = [frame.place(record) for record in records]
        end = (frame.place(data.attempts[-1])[0], line[-1][1])
        yield path([*line, end], "best", steps=True)
    plain = [attempt for attempt in data.attempts if attempt.mark != "record"]
    old = max(0, len(plain) - clickable)
    yield from _marks(plain[:old], frame)
    for attempt in (*plain[old:], *records):
        x, y = frame.place(attempt)
        radius = RECORD_RADIUS if attempt.mark == "record" else RADIUS
        mark = element("path", d=_cross(x, y)) if attempt.score is None else element("circle", cx=x, cy=y, r=radius)
        if clickable:
            title = element("title", attempt.standing.run.name)
            yield element("a", title, mark, href=page_of(attempt.standing.run), class_=attempt.mark, tabindex=-1)
        else:
            yield element("g", mark, class_=attempt.mark)


def _marks(attempts: Sequence[Attempt], frame: Frame) -> Iterator[Markup]:
    """All attempts of a kind as one path: crosses, or lines without length, whose round ends are the dots."""
    for mark in ("stopped", "discarded", "kept"):
        chosen = [frame.place(each) for each in attempts if each.mark == mark and each.score is not None]
        if chosen:
            yield element("path", d="".join(f"M{x:.1f} {y:.1f}h0" for x, y in chosen), class_=f"dots {mark}")
    failed = [frame.place(attempt) for attempt in attempts if attempt.score is None]
    if failed:
        yield element("path", d="".join(_cross(x, y) for x, y in failed), class_="crosses failed")


def _cross(x: float, y: float) -> str:
    return f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8"


def _labels(data: Progress, frame: Frame, room: Room) -> Iterator[Markup]:
    """What the latest records changed, above their points, each led to its own; the best comes first and is sure."""
    records = data.records[: -LABELLED - 1 : -1] if frame.size is WIDE else data.records[:-2:-1]
    for place, record in enumerate(records):
        x, y = frame.place(record)
        top = _interval_box(frame, record).top - RECORD_RADIUS - 5 if record.half_width else y - RECORD_RADIUS - 5
        widest = max(x - frame.x.start, frame.x.end - x) if place == 0 else frame.size.width
        text = shortened(record.label, frame.size.font, min(widest, LONGEST * LETTER * frame.size.font))
        spots = (each for each in above(x, top, LABEL_LEVELS, LABEL_STEP) if room.free(_leader(x, each.y, top)))
        spot = room.first_free(text, frame.size.font, spots)
        if spot is None and place == 0:
            spot = Spot(x, top, end=x > (frame.x.start + frame.x.end) / 2)
            room.take([text_box(text, frame.size.font, spot)])
        if spot is None:
            continue
        if spot.y < top:
            room.take([_leader(x, spot.y, top)])
            yield element("line", x1=x, x2=x, y1=spot.y + 5, y2=top + 4, class_="leader")
        kind = f"label{' end' * spot.end}{' top' * (place == 0)}"
        yield element("text", text, x=spot.x, y=spot.y, class_=kind, translate="no")


def _leader(x: float, label: float, top: float) -> Box:
    """The line from a point up to its label; none where the label stands just above it."""
    return Box(x - 1, label + 4, x + 1, max(label + 4, top))
