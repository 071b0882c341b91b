"""Where the words of a figure find room: beside no point and no other word, or nowhere.

The width of a text is an upper bound, since only a browser knows its fonts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from agent.core.languages import LANGUAGES
from agent.core.text import Text

LETTER, IDEOGRAPH = 0.6, 1.05  # widths at most, as shares of the size of the font
ASCENT, DESCENT = 0.95, 0.28  # above and below the line that a text stands on
GAP = 2.0  # pixels between a text and what it keeps clear of


@dataclass(frozen=True)
class Box:
    """A part of a figure, in its pixels; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )  # fmt: skip

    def within(self, other: "Box") -> bool:
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.top <= self.top
            and self.bottom <= other.bottom
        )  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """Where a text stands: at its left end, or at its right one where `end` holds."""

    x: float
    y: float
    end: bool = False


@dataclass
class Room:
    """A figure's frame, and what is taken of it."""

    frame: Box
    taken: list[Box] = field(default_factory=list)

    def take(self, boxes: Iterable[Box]) -> None:
        self.taken += boxes

    def free(self, box: Box) -> bool:
        return box.within(self.frame) and not any(box.meets(other) for other in self.taken)

    def first_free(self, text: str | Text, size: float, spots: Iterable[Spot]) -> Spot | None:
        """The first spot where a text of a font size keeps clear of everything, which is then taken."""
        for spot in spots:
            box = text_box(text, size, spot)
            if self.free(box):
                self.taken.append(box)
                return spot
        return None


def width_of(text: str | Text, size: float) -> float:
    """How wide a text is at most, in the widest of its languages."""
    words = [text] if isinstance(text, str) else [text[code] for code in LANGUAGES]
    return size * max(sum(IDEOGRAPH if ord(letter) > 0x2E7F else LETTER for letter in word) for word in words)


def text_box(text: str | Text, size: float, spot: Spot) -> Box:
    """What a text takes, with a little around it."""
    width = width_of(text, size)
    left = spot.x - width if spot.end else spot.x
    return Box(left - GAP, spot.y - ASCENT * size - GAP, left + width + GAP, spot.y + DESCENT * size + GAP)


def dot_box(x: float, y: float, radius: float) -> Box:
    return Box(x - radius, y - radius, x + radius, y + radius)


def above(x: float, y: float, levels: int, step: float) -> Iterator[Spot]:
    """Spots above a point, level by level: ending at it first, then beginning at it."""
    for level in range(levels):
        yield Spot(x + 4, y - level * step, end=True)
        yield Spot(x - 4, y - level * step)


def shortened(text: str, size: float, width: float) -> str:
    """A text cut to a width, with an ellipsis where anything is missing."""
    most = max(2, int(width / (size * LETTER)))
    return text if len(text) <= most else text[: most - 1] + "…"
