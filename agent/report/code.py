"""Code as HTML: highlighted lines, and the lines that change from one file to another."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from markupsafe import Markup, escape
from pygments import lex
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String

from agent.plain import CONTROL

CONTEXT = 3  # unchanged lines around a change
KINDS = (
    (Comment, "c"), (String, "s"), (Number, "m"), (Keyword, "k"), (Operator.Word, "k"), (Name.Function, "f"),
    (Name.Class, "f"), (Name.Decorator, "f"), (Name.Builtin, "b"),
)  # fmt: skip


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
    lines: list[list[Markup]] = [[]]
    for kind, text in lex("\n".join(_lines(source)), PythonLexer(ensurenl=False, stripnl=False)):
        name = next((name for family, name in KINDS if kind in family), None)
        for place, part in enumerate(text.split("\n")):
            if place:
                lines.append([])
            if part:
                lines[-1].append(Markup('<span class="{}">{}</span>').format(name, part) if name else escape(part))
    return tuple(Markup("").join(line) for line in lines)


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
