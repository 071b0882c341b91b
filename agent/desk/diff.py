"""A change of code to look at: side by side where the screen is wide, line under line elsewhere.

What is old is red and has a minus, what is new is green and has a plus, so that it reads without colour as well; within
a changed line what differs is in reverse. Only the terminal's own colours are used: it knows if its ground is dark.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from agent.core.text import clean

WIDE = 150  # columns from which two files fit side by side
AROUND = 3  # unchanged lines shown before and after a change
ALIKE = 0.5  # of two lines: from here on they are one line that was changed
OLD, NEW, SAME, PLACE = "red", "green", "dim", "cyan"
TOKEN = re.compile(r"\w+|\s+|.")


@dataclass(frozen=True)
class Row:
    """A line of the old file beside one of the new one, each with its number; None where there is none."""

    old: tuple[int, Line] | None
    new: tuple[int, Line] | None
    same: bool = False


def render_diff(old: str, new: str, width: int) -> RenderableType:
    """The change from one file to another, for so many columns."""
    hunks = [list(hunk) for hunk in _hunks(_lines(old), _lines(new))]
    return _side_by_side(hunks) if width >= WIDE and old else _unified(hunks)


def count_changes(old: str, new: str) -> tuple[int, int]:
    """How many lines are new, and how many are gone."""
    rows = [row for hunk in _hunks(_lines(old), _lines(new)) for row in hunk if not row.same]
    return sum(row.new is not None for row in rows), sum(row.old is not None for row in rows)


def _lines(text: str) -> list[str]:
    return [line.expandtabs(4) for line in clean(text).split("\n")][: -1 if text.endswith("\n") else None]


def _hunks(old: list[str], new: list[str]) -> Iterator[Iterator[Row]]:
    """The changed places with what stands around them."""
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(AROUND):
        yield (row for tag, a, b, c, d in group for row in _rows(tag, old[a:b], new[c:d], a, c))


def _rows(tag: str, old: list[str], new: list[str], a: int, c: int) -> Iterator[Row]:
    """Line beside line."""
    if tag == "equal":
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield Row((a + index, Line(left, SAME)), (c + index, Line(right, SAME)), same=True)
        return
    for one, other in _pairs(old, new):
        before, after = _marked(None if one is None else old[one], None if other is None else new[other])
        yield Row(None if one is None else (a + one, before), None if other is None else (c + other, after))


def _pairs(old: list[str], new: list[str]) -> list[tuple[int | None, int | None]]:
    """Which old line became which new one, in their order, so that as much as can be stays alike; None is no line."""
    alike = [[SequenceMatcher(None, left, right, autojunk=False).ratio() for right in new] for left in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]  # of the lines from here on
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            pair = best[i + 1][j + 1] + alike[i][j] if alike[i][j] >= ALIKE else 0.0
            best[i][j] = max(pair, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and (j == len(new) or best[i][j] == best[i + 1][j]):
            pairs.append((i, None))
            i += 1
        elif j < len(new) and (i == len(old) or best[i][j] == best[i][j + 1]):
            pairs.append((None, j))
            j += 1
        else:
            pairs.append((i, j))
            i, j = i + 1, j + 1
    return pairs


def _marked(old: str | None, new: str | None) -> tuple[Line, Line]:
    """Both lines in their colours, with what differs in reverse if they are alike."""
    before, after = Line(old or "", OLD), Line(new or "", NEW)
    if not old or not new:
        return before, after
    one, other = TOKEN.findall(old), TOKEN.findall(new)
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < ALIKE:
        return before, after
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            _reverse(before, one, a, b)
            _reverse(after, other, c, d)
    return before, after


def _reverse(line: Line, tokens: list[str], start: int, end: int) -> None:
    begin = len("".join(tokens[:start]))
    line.stylize("reverse", begin, begin + len("".join(tokens[start:end])))


def _side_by_side(hunks: list[list[Row]]) -> RenderableType:
    grid = Table.grid(padding=(0, 1), expand=True)
    for _ in ("old", "new"):
        grid.add_column(justify="right", width=4, style=SAME, no_wrap=True)
        grid.add_column(width=1, no_wrap=True)
        grid.add_column(ratio=1, overflow="fold")
    for number, hunk in enumerate(hunks):
        if number:
            grid.add_row("⋮", "", "", "⋮", "", "", style=PLACE)
        for row in hunk:
            grid.add_row(*_half(row.old, row.same, "-", OLD), *_half(row.new, row.same, "+", NEW))
    return grid


def _half(side: tuple[int, Line] | None, same: bool, sign: str, style: str) -> tuple[str, Line, Line]:
    if side is None:
        return "", Line(), Line()
    return str(side[0] + 1), Line("" if same else sign, style), side[1]


def _unified(hunks: list[list[Row]]) -> RenderableType:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(justify="right", width=4, style=SAME, no_wrap=True)
    grid.add_column(width=1, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    for number, hunk in enumerate(hunks):
        if number:
            grid.add_row("⋮", "", "", style=PLACE)
        for row in _old_before_new(hunk):
            if row.old is not None and not row.same:
                grid.add_row(*_half(row.old, False, "-", OLD))
            if row.new is not None:
                grid.add_row(*_half(row.new, row.same, "+", NEW))
    return Group(grid)


def _old_before_new(hunk: list[Row]) -> Iterator[Row]:
    """Of neighbouring changed lines all old ones, then all new ones."""
    changed: list[Row] = []
    for row in [*hunk, None]:
        if row is not None and not row.same:
            changed.append(row)
            continue
        yield from (Row(each.old, None) for each in changed if each.old is not None)
        yield from (Row(None, each.new) for each in changed if each.new is not None)
        changed = []
        if row is not None:
            yield row
