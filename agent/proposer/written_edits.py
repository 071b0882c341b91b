"""Edits that somebody wrote: SEARCH/REPLACE blocks, and the hunks of a diff."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

SEARCH = re.compile(r"[ \t>]*<{4,9}[ \t]*(SEARCH|ORIGINAL|HEAD|OLD)\b.*", re.IGNORECASE)
DIVIDER = re.compile(r"[ \t>]*={4,9}[ \t]*")
REPLACE = re.compile(r"[ \t>]*>{4,9}[ \t]*(REPLACE|UPDATED|NEW|[\w./-]*)[ \t]*", re.IGNORECASE)
HUNK = re.compile(r"[ \t]*@@.*")
FILE_LINE = re.compile(r"[ \t]*(---|\+\+\+|\*\*\*|diff --git|index )( .*)?")
NUMBERED = re.compile(r"[ \t]*\d+\| ?")


@dataclass(frozen=True)
class Block:
    """What is to be replaced by what: lines without their ends."""

    old: list[str]
    new: list[str]


def search_replace_blocks(lines: list[str]) -> tuple[list[Block], bool]:
    """The SEARCH/REPLACE blocks, and whether one was begun and not finished."""
    blocks: list[Block] = []
    unfinished = mentioned = False
    place = 0
    while place < len(lines):
        if not SEARCH.fullmatch(lines[place]):
            unfinished = unfinished or _is_end(lines[place])
            place += 1
            continue
        divider = _next(lines, place + 1, DIVIDER)
        end = _next(lines, divider + 1, REPLACE) if divider is not None else None
        if divider is None or end is None:
            mentioned, unfinished = True, unfinished or divider is not None
            place += 1
            continue
        quoted = lines[place].lstrip().startswith(">")
        blocks.append(Block(_half(lines[place + 1 : divider], quoted), _half(lines[divider + 1 : end], quoted)))
        place = end + 1
    return blocks, unfinished or (mentioned and not blocks)


def _is_end(line: str) -> bool:
    """Whether a line ends a block, and is no quotation within quotations."""
    return re.fullmatch(r"[ \t]*>{5,9}[ \t]*REPLACE[ \t]*", line, re.IGNORECASE) is not None


def _next(lines: list[str], start: int, mark: re.Pattern[str]) -> int | None:
    """The number of the next line with a mark, unless another block begins before it."""
    for number in range(start, len(lines)):
        if mark.fullmatch(lines[number]):
            return number
        if SEARCH.fullmatch(lines[number]):
            return None
    return None


def _half(lines: list[str], quoted: bool) -> list[str]:
    """The lines of a block's half, without quotation marks, line numbers and blank lines at its ends."""
    if quoted:
        lines = [re.sub(r"^[ \t]*> ?", "", line) for line in lines]
    if any(line.strip() for line in lines) and all(NUMBERED.match(line) for line in lines if line.strip()):
        lines = [NUMBERED.sub("", line, count=1) for line in lines]
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def hunks(lines: list[str]) -> Iterator[Block]:
    """The hunks of a unified diff: what stands there with its context, and what takes its place."""
    place = 0
    while place < len(lines):
        if not HUNK.fullmatch(lines[place]):
            place += 1
            continue
        place += 1
        body: list[str] = []
        while place < len(lines) and (
            lines[place][:1] in ("+", "-", " ", "") and not FILE_LINE.fullmatch(lines[place])
        ):
            body.append(lines[place] or " ")
            place += 1
        old = [line[1:] for line in body if line[0] in " -"]
        new = [line[1:] for line in body if line[0] in " +"]
        if old != new:
            yield _without_common_blanks(Block(old, new))


def _without_common_blanks(hunk: Block) -> Block:
    """A hunk without the blank lines at its end, which may belong to the text around it."""
    old, new = hunk.old, hunk.new
    while old and new and not old[-1].strip() and not new[-1].strip():
        old, new = old[:-1], new[:-1]
    return Block(old, new)
