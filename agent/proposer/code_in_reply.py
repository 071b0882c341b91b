"""Finds the code in what somebody wrote: whole files, SEARCH/REPLACE blocks and hunks of a diff, read line by line.

Models put code into fences that are indented, quoted or begun in the middle of a line, between tags, into JSON, or
nowhere; and they show sketches, excerpts and diffs besides. Of several files the last that is whole is meant, because
an author who corrects himself does so further down.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from agent.proposer.marked_texts import CLOSINGS, marked_texts
from agent.proposer.written_edits import Block, hunks, search_replace_blocks
from agent.proposer.written_python import OP, has_op, python, undefined

BEGINNING = re.compile(r"(import |from [\w.]+ import |\"\"\"|'''|def |LEARNED_|#)")
WORDS_LEFT_OUT = r"existing|rest|same|before|unchanged|omitted|remain\w*|original|省略|不变|其余|原有"
# A comment that stands for lines: three dots alone, three dots and such a word, or "existing code" and its like.
LEFT_OUT = re.compile(
    rf"^[ \t]*#[ \t]*(?:(?:\.\.\.|…)[ \t]*|(?=.*(?:\.\.\.|…)).*(?:{WORDS_LEFT_OUT}).*"
    r"|(?:the )?(?:existing code|rest of the (?:code|file|function)|rest unchanged|same as before)\b.*)$",
    re.MULTILINE | re.IGNORECASE,
)
INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\x00]")


@dataclass(frozen=True)
class Code:
    """What a reply holds. `file` is the last whole file, `broken` the last text with the op that is not Python.

    `excerpt` is a file that leaves lines out, and the line that says so.
    """

    file: str = ""
    broken: str = ""
    excerpt: str = ""
    blocks: tuple[Block, ...] = ()
    unfinished: bool = False  # a SEARCH/REPLACE block
    hunks: tuple[Block, ...] = ()


def find_code(reply: str) -> Code:
    """All the code in a reply."""
    text = INVISIBLE.sub("", reply).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    blocks, unfinished = search_replace_blocks(lines)
    code = Code(blocks=tuple(blocks), unfinished=unfinished, hunks=tuple(hunks(lines)))
    if has_op(python(text)[1]):
        return _with_file(code, text)
    for marked in marked_texts(text):
        code = _with_file(code, marked)
    return code if code.file or code.broken or code.excerpt else _with_file(code, text)


def _with_file(code: Code, text: str) -> Code:
    """What is known once a text has been looked at that may be a file."""
    if f"def {OP}" not in text:
        return code
    source, tree = python(text)
    if tree is None:
        parts = list(_parts(text.split("\n")))
        source, tree = next((found for found in map(python, parts) if has_op(found[1])), ("", None))
        if tree is None:
            return replace(code, broken=parts[0]) if parts else code
    if not has_op(tree):
        return code
    if left_out := LEFT_OUT.search(source) or _ellipsis(source, tree):
        return replace(code, excerpt=left_out[0].strip())
    if code.file and undefined(source):
        return code  # a part of the file, shown once more
    return replace(code, file=source.rstrip() + "\n")


def _ellipsis(source: str, tree: ast.Module) -> re.Match[str] | None:
    """Three dots where a statement should stand."""
    statements = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    dots = any(isinstance(value, ast.Constant) and value.value is ... for value in statements)
    return re.search(r"^[ \t]*\.\.\.", source, re.MULTILINE) if dots else None


def _parts(lines: list[str]) -> Iterator[str]:
    """A text from the first line that looks like Python on: all of it, then up to where prose may begin again."""
    begins = next((number for number, line in enumerate(lines) if BEGINNING.match(line)), None)
    if begins is None:
        return
    ends = [number for number in range(begins + 1, len(lines)) if lines[number][:1].isalpha()]
    for end in [len(lines), *reversed(ends[-CLOSINGS:])]:
        yield "\n".join(lines[begins:end])
