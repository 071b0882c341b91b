"""The screen of the desk: a head line, a window on something longer, a line of news, and the keys."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.text import Text as Line

from agent.desk.terminal import Key, Terminal

AROUND = 4  # lines of the screen that are not the window
MARGIN = 1  # columns left and right of the window, of which the right one holds the scroll bar
NARROWEST, LOWEST = 20, AROUND + 1

Lines = list[list[Segment]]


@dataclass(frozen=True)
class Frame:
    """What stands around the window: name and place at the top, news and keys at the bottom."""

    name: str
    place: str
    news: Line
    keys: Line


class Window:
    """Something longer than the screen, which is made for a number of columns, and how far down its reader is."""

    def __init__(self, terminal: Terminal, content: Callable[[int], RenderableType]) -> None:
        self.terminal = terminal
        self.content = content
        self.top = 0
        self.lines: Lines = []
        self._width = 0

    def draw(self, frame: Frame) -> None:
        """Onto the screen as large as it is now."""
        width, height = self._size()
        if width != self._width:
            self._width = width
            self.lines = render_window(self.terminal.console, self.content(width - 2 * MARGIN - 1), width)
        self.top = min(self.top, last_top(self.lines, height))
        self.terminal.draw(compose(self.terminal.console, frame, self.lines, self.top, width, height))

    def scroll(self, key: Key) -> bool:
        """Whether the key was one that moves the window."""
        _, height = self._size()
        page, end = height - AROUND - 1, last_top(self.lines, height)
        steps = {
            "up": -1, "k": -1, "down": 1, "j": 1, "page up": -page, "b": -page, "page down": page, " ": page,
            "home": -self.top, "g": -self.top, "end": end - self.top, "G": end - self.top,
        }  # fmt: skip
        if key.name not in steps:
            return False
        self.top = min(end, max(0, self.top + steps[key.name]))
        return True

    def _size(self) -> tuple[int, int]:
        width, height = self.terminal.size
        return max(NARROWEST, width), max(LOWEST, height)


def render_window(console: Console, content: RenderableType, width: int) -> Lines:
    """The lines of something for a screen of so many columns."""
    options = console.options.update(width=width - 2 * MARGIN - 1, height=None)
    return console.render_lines(content, options, pad=False)


def last_top(lines: Lines, height: int) -> int:
    """How far down the window can be scrolled."""
    return max(0, len(lines) - (height - AROUND))


def compose(console: Console, frame: Frame, lines: Lines, top: int, width: int, height: int) -> Lines:
    """The whole screen, with the window from its line `top` on."""
    window = height - AROUND
    shown = lines[top : top + window]
    shown += [[]] * (window - len(shown))
    bar = _scroll_bar(len(lines), top, window)
    left = Segment(" " * MARGIN)
    body = [
        [left, *Segment.adjust_line_length(line, width - 2 * MARGIN), mark]
        for line, mark in zip(shown, bar, strict=True)
    ]
    rule = [Segment("─" * width, Style(dim=True))]
    return [_head(frame, width), *body, rule, _line(console, frame.news, width), _line(console, frame.keys, width)]


def _head(frame: Frame, width: int) -> list[Segment]:
    """The name, cut where it is too long, and the place at the right end."""
    room = width - cell_len(frame.place) - 3
    name = frame.name if cell_len(frame.name) <= room else set_cell_size(frame.name, room - 1) + "…"
    return [Segment(f" {set_cell_size(name, room)} {frame.place} ", Style(bold=True, reverse=True))]


def _line(console: Console, text: Line, width: int) -> list[Segment]:
    """One line, cut where it is too long."""
    line = text.copy()
    line.truncate(width - 2 * MARGIN, overflow="ellipsis")
    return [Segment(" " * MARGIN), *line.render(console)]


def _scroll_bar(total: int, top: int, window: int) -> list[Segment]:
    """A mark a line, where there is something to scroll."""
    if total <= window:
        return [Segment(" ")] * window
    size = max(1, round(window * window / total))
    start = round(top / (total - window) * (window - size))
    thumb, rest = Segment("┃"), Segment("│", Style(dim=True))
    return [thumb if start <= row < start + size else rest for row in range(window)]
