"""A table as pandas or Markdown prints it, made into one line a row.

pandas wraps a table that is too wide: a backslash ends the line of titles, and further columns follow below, each row
under its number once more. Where it is told to, it leaves columns and rows out instead, with three dots in their place.
"""

import re

CUT = re.compile(r"(?:^|\s)\.{2,3}(?:\s|$)")
RULE = re.compile(r"\s*\|[\s|:-]*\|\s*")


def unwrapped(lines: list[str]) -> list[str]:
    """As many lines, in which what was wrapped stands beside its beginning, and blank ones where it stood."""
    lines = [_plain(line) for line in lines]
    place = next((number for number, line in enumerate(lines) if line.rstrip().endswith("\\")), None)
    if place is None:
        return lines
    titles, more = place, True
    rows: dict[str, int] = {}  # the label of a row -> the number of its line
    while more and place < len(lines):
        more = lines[place].rstrip().endswith("\\")
        _beside(lines, titles, place, lines[place].rstrip().removesuffix("\\").strip())
        place += 1
        while place < len(lines) and lines[place].strip():
            label, _, cells = lines[place].strip().partition(" ")
            _beside(lines, rows.setdefault(label, place), place, cells.strip())
            place += 1
        while more and place < len(lines) and not lines[place].strip():
            place += 1
    return lines


def is_cut(line: str) -> bool:
    """Whether columns or rows were left out of a printed table here."""
    return CUT.search(line) is not None


def _beside(lines: list[str], where: int, place: int, cells: str) -> None:
    """Put cells to the end of an earlier line; on their own line they stay as they are."""
    if where == place:
        lines[place] = lines[place].rstrip().removesuffix("\\").rstrip()
    else:
        lines[where], lines[place] = f"{lines[where]}  {cells}", ""


def _plain(line: str) -> str:
    """A row of a Markdown table with blanks between its cells; any other line as it is."""
    if RULE.fullmatch(line):
        return ""
    text = line.strip()
    if len(text) > 1 and text.startswith("|") and text.endswith("|"):
        return "  ".join(cell.strip().strip("*`") for cell in text.strip("|").split("|"))
    return line
