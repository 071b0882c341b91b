"""Finds the code in what somebody wrote: whole files, SEARCH/REPLACE blocks and hunks of a diff, read line by line.

Models put code into fences that are indented, quoted or begun in the middle of a line, between tags, into JSON, or
nowhere; and they show sketches, excerpts and diffs besides. Of several files the last that is whole is meant, because
an author who corrects himself does so further down.
"""

import ast
import builtins
import html
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace

OP = "delta_rule_chunkwise"
PREFIX = r"(?P<prefix>[ \t]*(?:(?:>|[-*+•]|\d+[.)])[ \t]*)*)"
OPENING = re.compile(PREFIX + r"(?P<fence>`{3,}|~{3,})[^`]*")
LATE_OPENING = re.compile(r"(?P<prefix>)[^`~]*\S[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*[\w+-]*[ \t]*")
CLOSINGS = 4  # bare fences behind an opening that may close it: a docstring may hold some
TAGGED = re.compile(r"<(code|python|file|source|program|answer)\b[^>\n]*>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
SEARCH = re.compile(r"[ \t>]*<{4,9}[ \t]*(SEARCH|ORIGINAL|HEAD|OLD)\b.*", re.IGNORECASE)
DIVIDER = re.compile(r"[ \t>]*={4,9}[ \t]*")
REPLACE = re.compile(r"[ \t>]*>{4,9}[ \t]*(REPLACE|UPDATED|NEW|[\w./-]*)[ \t]*", re.IGNORECASE)
HUNK = re.compile(r"[ \t]*@@.*")
FILE_LINE = re.compile(r"[ \t]*(---|\+\+\+|\*\*\*|diff --git|index )( .*)?")
NUMBERED = re.compile(r"[ \t]*\d+\| ?")
BEGINNING = re.compile(r"(import |from [\w.]+ import |\"\"\"|'''|def |LEARNED_|#)")
WORDS_LEFT_OUT = r"existing|rest|same|before|unchanged|omitted|remain\w*|original|省略|不变|其余|原有"
# A comment that stands for lines: three dots alone, three dots and such a word, or "existing code" and its like.
LEFT_OUT = re.compile(
    rf"^[ \t]*#[ \t]*(?:(?:\.\.\.|…)[ \t]*|(?=.*(?:\.\.\.|…)).*(?:{WORDS_LEFT_OUT}).*"
    r"|(?:the )?(?:existing code|rest of the (?:code|file|function)|rest unchanged|same as before)\b.*)$",
    re.MULTILINE | re.IGNORECASE,
)
INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\x00]")
# What a keyboard or a translation puts in place of the signs of Python.
SIGNS = str.maketrans("\u00a0\u3000，（）：；“”„‘’＝＋－＊／", '  ,():;"""\'\'=+-*/')


@dataclass(frozen=True)
class Block:
    """What is to be replaced by what: lines without their ends."""

    old: list[str]
    new: list[str]


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
    blocks, unfinished = _blocks(lines)
    code = Code(blocks=tuple(blocks), unfinished=unfinished, hunks=tuple(_hunks(lines)))
    if _has_op(python(text)[1]):
        return _with_file(code, text)
    for marked in _marked_texts(text):
        code = _with_file(code, marked)
    return code if code.file or code.broken or code.excerpt else _with_file(code, text)


def _with_file(code: Code, text: str) -> Code:
    """What is known once a text has been looked at that may be a file."""
    if f"def {OP}" not in text:
        return code
    source, tree = python(text)
    if tree is None:
        parts = list(_parts(text.split("\n")))
        source, tree = next((found for found in map(python, parts) if _has_op(found[1])), ("", None))
        if tree is None:
            return replace(code, broken=parts[0]) if parts else code
    if not _has_op(tree):
        return code
    if left_out := LEFT_OUT.search(source) or _ellipsis(source, tree):
        return replace(code, excerpt=left_out[0].strip())
    if _undefined(tree) and code.file:
        return code  # a part of the file, shown once more
    return replace(code, file=source.rstrip() + "\n")


def _has_op(tree: ast.Module | None) -> bool:
    """Whether a file defines the op."""
    return tree is not None and any(isinstance(node, ast.FunctionDef) and node.name == OP for node in tree.body)


def _ellipsis(source: str, tree: ast.Module) -> re.Match[str] | None:
    """Three dots where a statement should stand."""
    statements = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    dots = any(isinstance(value, ast.Constant) and value.value is ... for value in statements)
    return re.search(r"^[ \t]*\.\.\.", source, re.MULTILINE) if dots else None


def python(text: str) -> tuple[str, ast.Module | None]:
    """A text as Python and its syntax tree, mended where an editor or a page got in between; None where it is none."""
    for mended in (lambda: text, lambda: textwrap.dedent(text), lambda: html.unescape(text), lambda: _plain(text)):
        source = mended()
        try:
            return source, ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return text, None


def _plain(text: str) -> str:
    """A text with the signs of Python where others look like them."""
    return textwrap.dedent(html.unescape(text).translate(SIGNS))


def _undefined(tree: ast.Module) -> set[str]:
    """The names that a file uses and never defines: what is a part of a file uses names of the rest."""
    used, known = set(), set(dir(builtins)) | {"__name__", "__file__"}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                known.add(name)
            case ast.alias(name=name, asname=asname):
                known.add(asname or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)):
                known.add(name)
    return used - known


def _marked_texts(text: str) -> Iterator[str]:
    """What stands between fences and tags and in JSON, in its order."""
    found = [(place, code) for place, code in _fenced(text.split("\n"))]
    for tagged in TAGGED.finditer(text):
        if f"def {OP}" in tagged[2] and "```" not in tagged[2] and "~~~" not in tagged[2]:
            found.append((text.count("\n", 0, tagged.start()), tagged[2]))
    for _, code in sorted(found, key=lambda each: each[0]):
        yield code
        yield from _in_json(code)
    yield from _in_json(text)


def _fenced(lines: list[str]) -> Iterator[tuple[int, str]]:
    """What stands between fences, with the number of its line; up to the first closing with which it is Python."""
    place = 0
    while place < len(lines):
        opened = OPENING.fullmatch(lines[place]) or LATE_OPENING.fullmatch(lines[place])
        if opened is None:
            place += 1
            continue
        ends = _closings(lines, place + 1, opened["fence"])
        texts = {end: _unprefixed(lines[place + 1 : end], opened["prefix"]) for end in ends}
        end = next((end for end, code in texts.items() if f"def {OP}" in code and python(code)[1]), ends[0])
        yield place, texts[end]
        place = end + 1


def _closings(lines: list[str], start: int, fence: str) -> list[int]:
    """The numbers of the lines that may close a fence, the first ones; the end of the text where none does."""
    bare = re.compile(rf"[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*")
    found = []
    for number in range(start, len(lines)):
        if bare.fullmatch(lines[number]):
            found.append(number)
            if len(found) == CLOSINGS:
                break
    return found or [len(lines)]


def _unprefixed(lines: list[str], prefix: str) -> str:
    """The lines of a fence without the marks of the quotation or the list that it stands in."""
    if ">" in prefix:
        lines = [re.sub(r"^[ \t]*> ?", "", line) for line in lines]
        return "\n".join(lines)
    indent = len(prefix.expandtabs(4))
    return "\n".join(_dedented(line.expandtabs(4) if "\t" in prefix else line, indent) for line in lines)


def _dedented(line: str, columns: int) -> str:
    """A line with so many blanks fewer before it; as it is where it has fewer."""
    return line[columns:] if not line[:columns].strip() else line


def _in_json(text: str) -> Iterator[str]:
    """The strings of a JSON object: code may be one of them."""
    if not text.lstrip().startswith("{"):
        return
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return
    yield from (each for each in value.values() if isinstance(each, str) and f"def {OP}" in each)


def _parts(lines: list[str]) -> Iterator[str]:
    """A text from the first line that looks like Python on: all of it, then up to where prose may begin again."""
    begins = next((number for number, line in enumerate(lines) if BEGINNING.match(line)), None)
    if begins is None:
        return
    ends = [number for number in range(begins + 1, len(lines)) if lines[number][:1].isalpha()]
    for end in [len(lines), *reversed(ends[-CLOSINGS:])]:
        yield "\n".join(lines[begins:end])


def _blocks(lines: list[str]) -> tuple[list[Block], bool]:
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


def _hunks(lines: list[str]) -> Iterator[Block]:
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
