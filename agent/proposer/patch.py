"""The patch engine turns an edit by a model, a move or a person into a changed variant file, or says why it cannot.

A reply is the whole new file or SEARCH/REPLACE blocks, with any prose around it:

    <<<<<<< SEARCH
    lines as they stand in the file
    =======
    lines that take their place
    >>>>>>> REPLACE

A SEARCH text is looked for on a ladder: exactly; without regard to trailing whitespace; to a uniform indent; to blank
lines and comments. The first rung with a hit decides, and it must have exactly one. All blocks are applied or none.
"""

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from agent.core.errors import UsageError
from agent.core.reason import Field, Reason
from agent.proposer.code_in_reply import Code, find_code
from agent.proposer.written_edits import Block
from agent.proposer.written_python import OP

NEAREST = 6  # lines shown around the place that is most like what was looked for

Rung = Literal["exact", "trailing whitespace", "indent", "blank lines and comments"]


class PatchRejected(UsageError):
    """The reply changes nothing or cannot be applied. The reason is fit to go back to its author.

    `source` is the file that came of it, to whose lines the reason refers; nothing where none did.
    """

    def __init__(self, reason: Reason, source: str = "") -> None:
        super().__init__(reason)
        self.reason, self.source = reason, source


@dataclass(frozen=True)
class Patched:
    """A changed file, how the change was written, and the rung of the ladder on which each block was found."""

    source: str
    kind: Literal["whole file", "blocks"]
    rungs: tuple[Rung, ...] = ()


def apply_patch(source: str, reply: str) -> Patched:
    """Apply a reply to a file. Raises PatchRejected, and then nothing was applied."""
    code = find_code(reply)
    if code.file and not (code.blocks and _same(source, code.file)):  # a file that is repeated is no change of it
        patched = Patched(code.file, "whole file")
    else:
        patched = _with_blocks(source, code)
    _check(source, patched.source)
    return patched


def _with_blocks(source: str, code: Code) -> Patched:
    """A file with blocks or hunks replaced. Raises PatchRejected where there are none that can be."""
    if code.unfinished:
        raise PatchRejected(Reason("failure.block_incomplete"))
    if code.blocks:
        return _replaced(source, code.blocks)
    if code.broken:
        return Patched(code.broken.rstrip() + "\n", "whole file")
    if code.hunks:
        return _replaced(source, code.hunks)
    if code.excerpt:
        raise PatchRejected(Reason("failure.lines_left_out", {"line": code.excerpt}))
    raise PatchRejected(Reason("failure.no_code", {"op": f"def {OP}"}))


def _replaced(source: str, blocks: Sequence[Block]) -> Patched:
    lines, rungs = source.replace("\r\n", "\n").split("\n"), []
    for number, block in enumerate(blocks, 1):
        lines, rung = _replace(lines, block, number)
        rungs.append(rung)
    return Patched("\n".join(lines), "blocks", tuple(rungs))


def same_code(a: str, b: str) -> bool:
    """Whether two files differ in comments, layout and docstrings at most. SyntaxError if one is not Python."""
    return _tree(a) == _tree(b)


def _same(a: str, b: str) -> bool:
    try:
        return same_code(a, b)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _check(source: str, patched: str) -> None:
    try:
        same = same_code(source, patched)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise PatchRejected(_not_python(error, patched.split("\n")), patched) from error
    if same:
        raise PatchRejected(Reason("failure.change_changes_nothing"))


def _not_python(error: Exception, lines: list[str]) -> Reason:
    """Why a changed file cannot be read, with the line that Python names."""
    if isinstance(error, SyntaxError) and error.lineno:
        code = lines[error.lineno - 1].strip() if error.lineno <= len(lines) else ""
        return Reason("failure.changed_not_python_at", {"error": error.msg, "at": error.lineno, "code": code})
    return Reason("failure.changed_not_python", {"error": str(error)})


@lru_cache(maxsize=64)
def _tree(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                body.pop(0)
    return ast.dump(tree)


def _replace(lines: list[str], block: Block, number: int) -> tuple[list[str], Rung]:
    """Replace the one place where a block's old lines stand."""
    if not block.old:
        raise PatchRejected(Reason("failure.block_empty", {"block": number}))
    for rung, find in LADDER:
        places = find(lines, block.old)
        if len(places) > 1:
            at = ", ".join(str(start + 1) for start, _ in places)
            facts: dict[str, Field] = {"block": number, "places": len(places), "lines": at}
            raise PatchRejected(Reason("failure.block_ambiguous", facts))
        if places:
            start, end = places[0]
            new = (
                _indented(block.new, lines[start:end], block.old)
                if rung not in ("exact", "trailing whitespace")
                else block.new
            )
            return lines[:start] + new + lines[end:], rung
    raise PatchRejected(Reason("failure.block_not_found", {"block": number, "nearest": _nearest(lines, block.old)}))


def _windows(lines: list[str], old: list[str], view: Callable[[list[str]], list[str]]) -> list[tuple[int, int]]:
    """Where a window of the file looks like the old lines."""
    wanted = view(old)
    starts = range(len(lines) - len(old) + 1)
    return [(start, start + len(old)) for start in starts if view(lines[start : start + len(old)]) == wanted]


def _without_trailing(lines: list[str]) -> list[str]:
    return [line.rstrip() for line in lines]


def _without_indent(lines: list[str]) -> list[str]:
    lines = [line.rstrip().expandtabs(4) for line in lines]
    indent = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return [line[indent:] for line in lines]


def _code(lines: list[str]) -> list[tuple[int, str]]:
    """The lines that are neither blank nor a comment, with their places; a comment at a line's end is left out."""
    bare = [(place, re.sub(r"\s+#[^'\"]*$", "", line.rstrip())) for place, line in enumerate(lines)]
    return [(place, line) for place, line in bare if line.strip() and not line.lstrip().startswith("#")]


def _ignoring_comments(lines: list[str], old: list[str]) -> list[tuple[int, int]]:
    here, wanted = _code(lines), _without_indent([line for _, line in _code(old)])
    places = []
    for start in range(len(here) - len(wanted) + 1):
        window = here[start : start + len(wanted)]
        if wanted and _without_indent([line for _, line in window]) == wanted:
            places.append((window[0][0], window[-1][0] + 1))
    return places


LADDER: tuple[tuple[Rung, Callable[[list[str], list[str]], list[tuple[int, int]]]], ...] = (
    ("exact", lambda lines, old: _windows(lines, old, list)),
    ("trailing whitespace", lambda lines, old: _windows(lines, old, _without_trailing)),
    ("indent", lambda lines, old: _windows(lines, old, _without_indent)),
    ("blank lines and comments", _ignoring_comments),
)


def _indented(new: list[str], found: list[str], old: list[str]) -> list[str]:
    """The new lines moved by as much as the old ones stand deeper, or less deep, in the file."""
    shift = _indent(found) - _indent(old)
    new = [line.expandtabs(4) for line in new]
    if shift >= 0:
        return [" " * shift + line if line.strip() else "" for line in new]
    return [line[-shift:] if not line[:-shift].strip() else line.lstrip() for line in new]


def _indent(lines: list[str]) -> int:
    """The indent of the first line with code on it."""
    code = [line.expandtabs(4) for _, line in _code(lines)] or [line.expandtabs(4) for line in lines if line.strip()]
    return len(code[0]) - len(code[0].lstrip()) if code else 0


def _nearest(lines: list[str], old: list[str]) -> str:
    """The numbered lines of the file that are most like those looked for."""
    wanted = "\n".join(line.strip() for line in old)
    size = max(1, len(old))

    def likeness(start: int) -> float:
        return SequenceMatcher(None, "\n".join(line.strip() for line in lines[start : start + size]), wanted).ratio()

    start = max(range(max(1, len(lines) - size + 1)), key=likeness)
    shown = lines[max(0, start - 1) : start + max(size, NEAREST) + 1]
    return "\n".join(f"{max(0, start - 1) + number:4}| {line}" for number, line in enumerate(shown, 1))
