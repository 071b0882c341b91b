"""The places of a search as lines for a terminal of 80 columns: what each one does, how far it is, how busy it was.

Up to FULL places have a line each, in the order in which they were opened. Of more, those that end next have one, and
what the others do is summed up below.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size

from agent.core.baselines import TEMPLATE
from agent.core.sentences import joined
from agent.core.text import Text, say
from agent.store.busy import Busy, busy_together
from agent.store.places import PlaceStatus
from agent.store.status import clock

FULL = 8
WIDTH = 80
LONGEST_PLACE = 16  # cells
GAP = 2  # cells between two columns

Column = Literal["place", "variant", "leg", "done", "left", "busy"]
COLUMNS: tuple[Column, ...] = ("place", "variant", "leg", "done", "left", "busy")
TO_THE_RIGHT: tuple[Column, ...] = ("leg", "done", "left", "busy")
HEADS: Mapping[Column, str] = {column: f"places.{column}" for column in COLUMNS} | {"leg": "places.leg head"}
Row = Mapping[Column, str]


@dataclass(frozen=True)
class PlaceRow:
    """One place: what it does now, or nothing of a search that has ended, and how busy it was as far as known."""

    place: str
    now: PlaceStatus | None = None
    busy: Busy | None = None

    @property
    def order(self) -> tuple[bool, float, float]:
        """What ends next first, then what cannot tell when it ends, then free places; without work the least busy."""
        working = self.now is not None and bool(self.now.work)
        left = self.now.seconds_left if self.now is not None and self.now.seconds_left is not None else math.inf
        return not working, left, self.busy.share if self.busy else 0.0

    def cells(self, language: str) -> Row:
        """What stands in each column."""
        busy = f"{self.busy.share:.0%}" if self.busy else ""
        if self.now is None or not self.now.work:
            free = say("places.free")[language] if self.now else ""
            return {"place": self.place, "variant": free, "leg": "", "done": "", "left": "", "busy": busy}
        left = self.now.seconds_left
        return {
            "place": self.place,
            "variant": _doing(self.now)[language],
            "leg": f"{self.now.leg}/{self.now.legs}" if self.now.legs > 1 else "",
            "done": f"{self.now.share:.0%}",
            "left": clock(left) if left is not None else "",
            "busy": busy,
        }


def place_rows(now: Sequence[PlaceStatus], busy: Sequence[Busy], searching: bool = True) -> list[PlaceRow]:
    """A row for each place; of a search that has ended for each that it had."""
    known = {each.place: each for each in busy}
    if searching and now:
        return [PlaceRow(each.place, each, known.get(each.place)) for each in now]
    return [PlaceRow(each.place, None, each) for each in busy]


def place_summary(rows: Sequence[PlaceRow]) -> Text:
    """How many places there are, how many of them have work, and how busy all were together."""
    working = sum(row.now is not None and bool(row.now.work) for row in rows)
    now = any(row.now for row in rows)
    counted = say("places.at work", count=len(rows), working=working) if now else say("places.were", count=len(rows))
    busy = [row.busy for row in rows if row.busy]
    return say("places.share", counted=counted, share=f"{busy_together(busy).share:.0%}") if busy else counted


def place_table(rows: Sequence[PlaceRow], language: str, width: int = WIDTH) -> list[str]:
    """The lines, none wider than that; none for no place."""
    if not rows:
        return []
    shown, rest = [*rows], []
    if len(rows) > FULL:
        ordered = sorted(rows, key=lambda row: row.order)
        shown, rest = ordered[:FULL], ordered[FULL:]
    cells = [row.cells(language) for row in shown]
    heads: Row = {column: say(HEADS[column])[language] for column in COLUMNS}
    used = [column for column in COLUMNS if any(row[column] for row in cells)]
    widths = _widths([heads, *cells], used, width)
    lines = [_line(row, used, widths) for row in (heads, *cells)]
    return lines + [_cut(line[language], width) for line in (_summed_up(rest) if rest else ())]


def _widths(rows: Sequence[Row], used: Sequence[Column], width: int) -> dict[Column, int]:
    """Each column as wide as its widest cell; the variant has what the others leave."""
    widths = {column: max(cell_len(row[column]) for row in rows) for column in used}
    widths["place"] = min(widths["place"], LONGEST_PLACE)
    if "variant" in widths:
        others = sum(cells for column, cells in widths.items() if column != "variant") + GAP * (len(used) - 1)
        widths["variant"] = max(8, min(widths["variant"], width - others))
    return widths


def _line(row: Row, used: Sequence[Column], widths: Mapping[Column, int]) -> str:
    parts = []
    for column in used:
        text = _cut(row[column], widths[column])
        space = " " * (widths[column] - cell_len(text))
        parts.append(space + text if column in TO_THE_RIGHT else text + space)
    return (" " * GAP).join(parts).rstrip()


def _summed_up(rows: Sequence[PlaceRow]) -> Iterator[Text]:
    """What the places do that have no line of their own; when the last of them ends, and how busy they were."""
    kinds = Counter(row.now.work or "free" for row in rows if row.now)
    counted = [say(f"places.more {kind}", number=number) for kind, number in kinds.most_common()]
    left = [row.now.seconds_left for row in rows if row.now and row.now.work and row.now.seconds_left is not None]
    shares = [row.busy.share for row in rows if row.busy]
    further = [say("places.more until", left=clock(max(left)))] if left else []
    further += [say("places.more busy", low=f"{min(shares):.0%}", high=f"{max(shares):.0%}")] if shares else []
    if counted:
        yield say("places.more", count=len(rows), kinds=joined(counted))
        yield from [joined(["   ", joined(further)], "list.space")] if further else []
    else:
        yield say("places.more", count=len(rows), kinds=joined(further))


def _doing(status: PlaceStatus) -> Text:
    """The variant's name as the report writes it, and what is done with it where that is no training of its row."""
    name = status.run.removeprefix(f"{TEMPLATE}_")
    return Text(name) if status.work == "training" else say(f"places.{status.work}", name=name)


def task_of(status: PlaceStatus) -> Text:
    """What a place that is not free does, in one line: its variant, and which leg of its row."""
    doing = joined([status.work, status.run], "list.space") if status.work == "training" else _doing(status)
    leg = [say("places.leg", leg=status.leg, legs=status.legs)] if status.legs > 1 else []
    return joined([doing, *leg])


def _cut(text: str, width: int) -> str:
    """A text with its middle left out where it is wider: names differ at both ends."""
    if cell_len(text) <= width:
        return text
    head = set_cell_size(text, (width - 1) // 2).rstrip()
    tail, room = text, width - 1 - cell_len(head)
    while cell_len(tail) > room:
        tail = tail[1:]
    return f"{head}…{tail}"
