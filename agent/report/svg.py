"""The alphabet of the figures: SVG elements, scales and axes.

Figures are SVG that Python writes into the page, and no plotting library's: they are there at once, also in print and
without JavaScript, weigh a few kilobytes where plotly weighs megabytes, take their colours from the style sheet and so
follow light and dark, and hold their words in every language.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from agent.core.languages import LANGUAGES
from agent.core.text import ENGLISH, Text

Point = tuple[float, float]
LEFT, RIGHT, TOP, BOTTOM = 56.0, 12.0, 60.0, 52.0  # around what a large figure shows
NAME_ABOVE = 42.0  # the name of the vertical axis, so that a label fits between it and the highest point
NICE = (1.0, 2.0, 2.5, 5.0, 10.0)  # steps between ticks that are easy to read


def element(tag: str, *inside: str, **attributes: object) -> Markup:
    """An SVG element. `class_` and `stroke_width` become class and stroke-width; what is None is left out."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_plain(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{tag}{written}>{''.join(map(escape, inside))}</{tag}>")


def words(text: Text, x: float, y: float, kind: str) -> Markup:
    """A text of the figure, of which the page shows the chosen language."""
    if text.same_in_all:
        return element("text", text[ENGLISH], x=x, y=y, class_=kind)
    said = (
        element("text", text[code], x=x, y=y, class_=f"{kind} {code}", lang=language.tag)
        for code, language in LANGUAGES.items()
    )
    return Markup("").join(said)


def path(points: Iterable[Point], kind: str, steps: bool = False) -> Markup:
    """A line through points; with `steps` it keeps its height until the next one."""
    (x, y), *rest = points
    drawn = (f"H{x:.1f}V{y:.1f}" if steps else f"L{x:.1f} {y:.1f}" for x, y in rest)
    return element("path", d=f"M{x:.1f} {y:.1f}{''.join(drawn)}", class_=kind)


@dataclass(frozen=True)
class Size:
    """The size of a large figure, of which the page shows the one that fits its window, and that of its words."""

    name: str
    width: float
    height: float
    font: float


WIDE, NARROW = Size("wide", 960.0, 400.0, 13.0), Size("narrow", 400.0, 330.0, 14.0)


@dataclass(frozen=True)
class Scale:
    """From a range of numbers to a range of pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        return self.start + (self.end - self.start) * ((value - self.low) / span if span else 0.5)

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers within the range."""
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        rough = span / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * nice for nice in NICE if power * nice >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(index * step, 10) + 0.0 for index in range(first, last + 1)]


def grid(x: Scale, y: Scale, x_name: Text, y_name: Text, above: float = 12.0) -> Iterator[Markup]:
    """Thin lines at the ticks of both axes, their numbers, and what they measure: y's name stands `above` its axis."""
    for tick in y.ticks():
        yield element("line", x1=x.start, x2=x.end, y1=y(tick), y2=y(tick), class_="grid")
        yield element("text", f"{tick:g}", x=x.start - 8, y=y(tick), dy="0.35em", class_="tick end")
    for tick in x.ticks(6):
        yield element("text", f"{tick:g}", x=x(tick), y=y.start + 22, class_="tick middle")
    yield words(x_name, x.end, y.start + 42, "axis end")
    yield words(y_name, x.start, y.end - above, "axis")


def drawing(
    width: float, height: float, inside: Iterable[Markup], label: str, kind: str = "plot", role: str = "img"
) -> Markup:
    """A whole figure. `label` is the id of what describes it to those who do not see it; one that holds links is no
    picture but a group."""
    return element(
        "svg", *inside, viewBox=f"0 0 {width:g} {height:g}", class_=kind, role=role, aria_labelledby=label
    )  # fmt: skip


def _plain(value: object) -> str:
    """A value of an attribute: numbers with no more digits than a screen has."""
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value) if isinstance(value, int) else escape(str(value))
