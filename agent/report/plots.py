"""Draws the data of the smaller figures: learning curves, scores on a line, predictions against outcomes."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from agent.core.text import say
from agent.report.curves import GRID, Panel
from agent.report.ideas import Ideas
from agent.report.svg import BOTTOM, LEFT, Scale, drawing, element, grid, path
from agent.science.effects import Effect
from agent.science.estimate import Estimate

STRIP_WIDTH, STRIP_HEIGHT = 200.0, 22.0


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
