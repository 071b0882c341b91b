"""Where code may stand in what somebody wrote: between fences and tags, and in the strings of a JSON object.

Fences may be indented, quoted or begun in the middle of a line.
"""

import json
import re
from collections.abc import Iterator

from agent.core.text import whole_characters
from agent.proposer.written_python import OP, python

PREFIX = r"(?P<prefix>[ \t]*(?:(?:>|[-*+•]|\d+[.)])[ \t]*)*)"
OPENING = re.compile(PREFIX + r"(?P<fence>`{3,}|~{3,})[^`]*")
LATE_OPENING = re.compile(r"(?P<prefix>)[^`~]*\S[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*[\w+-]*[ \t]*")
CLOSINGS = 4  # bare fences behind an opening that may close it: a docstring may hold some
TAGGED = re.compile(
    r"<(code|python|file|source|program|answer)\b[^>\n]{0,200}>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE
)


def marked_texts(text: str) -> Iterator[str]:
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
    texts = (each for each in value.values() if isinstance(each, str) and f"def {OP}" in each)
    yield from map(whole_characters, texts)
