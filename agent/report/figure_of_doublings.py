"""Draws accuracy against numbers that double: the length of a sequence, or how many pairs it shows."""

import math

from markupsafe import Markup

from agent.report.svg import Scale, drawing, element, path
from agent.report.verified import Doubling

WIDTH, HEIGHT = 300.0, 190.0
RADIUS = 3.5


def draw_doubling(panel: Doubling, label: str, sign: str = "×") -> Markup:
    """One panel: the variant, with 95 percent against the template to both sides, and the template dashed.

    `sign` stands before the numbers of the axis.
    """
    numbers = [math.log2(point.number) for point in panel.points]
    x, y = Scale(min(numbers), max(numbers), 46.0, WIDTH - 18), Scale(0.0, 1.0, HEIGHT - 26, 12.0)
    places = [x(number) for number in numbers]
    frame = [element("line", x1=38.0, x2=WIDTH - 10, y1=y(t), y2=y(t), class_="grid") for t in (0.0, 0.5, 1.0)]
    frame += [element("text", f"{t:g}", x=32.0, y=y(t), dy="0.35em", class_="tick end") for t in (0.0, 0.5, 1.0)]
    frame += [
        element("text", f"{sign}{point.number}", x=at, y=HEIGHT - 8, class_="tick middle")
        for at, point in zip(places, panel.points, strict=True)
    ]
    theirs = [(at, y(point.theirs)) for at, point in zip(places, panel.points, strict=True) if point.theirs is not None]
    lines = [path(theirs, "mean template")] if theirs else []
    lines.append(path(((at, y(point.mine)) for at, point in zip(places, panel.points, strict=True)), "mean"))
    marks = []
    for at, point in zip(places, panel.points, strict=True):
        if point.bounds:
            low, high = point.bounds
            marks.append(element("line", x1=at, x2=at, y1=y(low), y2=y(high), class_="interval"))
        marks.append(element("circle", cx=at, cy=y(point.mine), r=RADIUS, class_="record"))
    return drawing(WIDTH, HEIGHT, [*frame, *lines, *marks], label, "plot small")
