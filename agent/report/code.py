"""Code as HTML: highlighted lines, and the lines that change from one file to another."""

import keyword
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from markupsafe import Markup, escape

from agent.core.text import CONTROL

CONTEXT = 3  # unchanged lines around a change
BUILTINS = (
    "None",
    "True",
    "False",
    "range",
    "len",
    "float",
    "int",
    "min",
    "max",
    "sum",
    "zip",
    "enumerate",
    "reversed",
)
KEYWORDS = [word for word in keyword.kwlist if word not in BUILTINS]
# What has a colour, by the names of its groups. One expression is a hundred times faster than a lexer of the language,
# and whatever it mistakes is a colour and nothing else.
COLOURED = re.compile(
    rf"""(?P<c>\#[^\n]*)
    |(?P<s>\b[rbfu]{{0,2}}(?:\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)
      |\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)
    |(?P<f>(?<=\bdef\ )\w+|(?<=\bclass\ )\w+)
    |(?P<k>\b(?:{"|".join(KEYWORDS)})\b)
    |(?P<b>\b(?:{"|".join(BUILTINS)})\b)
    |(?P<m>\b\d[\w.]*)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class DiffLine:
    """A line of a diff: its numbers in the old and the new file, where it has them, and its highlighted text."""

    kind: Literal["same", "old", "new", "gap"]
    old: int | None
    new: int | None
    code: Markup


@lru_cache(maxsize=64)
def highlighted(source: str) -> tuple[Markup, ...]:
    """The lines of a Python file, with a span around what has a colour. Text that is not Python comes as it is."""
    text, parts, end = "\n".join(_lines(source)), [], 0
    for found in COLOURED.finditer(text):
        opening = f'<span class="{found.lastgroup}">'
        coloured = str(escape(found.group())).replace("\n", f"</span>\n{opening}")  # a string of several lines
        parts += [str(escape(text[end : found.start()])), opening, coloured, "</span>"]
        end = found.end()
    return tuple(map(Markup, "".join([*parts, str(escape(text[end:]))]).split("\n")))


@lru_cache(maxsize=64)
def diff(old: str, new: str) -> tuple[DiffLine, ...]:
    """What changes, with a few lines around it; nothing where nothing does."""
    before, after = highlighted(old), highlighted(new)
    matcher = SequenceMatcher(None, _lines(old), _lines(new), autojunk=False)
    found: list[DiffLine] = []
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if found:
            found.append(DiffLine("gap", None, None, Markup("")))
        for tag, a, b, c, d in group:
            if tag == "equal":
                found += [DiffLine("same", a + i + 1, c + i + 1, after[c + i]) for i in range(b - a)]
            else:
                found += [DiffLine("old", i + 1, None, before[i]) for i in range(a, b)]
                found += [DiffLine("new", None, i + 1, after[i]) for i in range(c, d)]
    return tuple(found)


def _lines(source: str) -> list[str]:
    """The lines of a file. What would turn the direction of reading, or hide, is made visible as what it is not."""
    text = source.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text).split("\n")
