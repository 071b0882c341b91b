"""The JSON values of a reply's body: server-sent events, JSON lines or one JSON text, whatever was asked for.

Servers and relays differ in what they put between the events: comments, fields without data, words such as `ping`.
None of that is an event. https://html.spec.whatwg.org/multipage/server-sent-events.html has the format.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from agent.llm.transfer import BrokenReply

LINE_END = re.compile(rb"\r\n|\n|\r")
FIELD = re.compile(r"(data|event|id|retry)(?::[ ]?(.*))?", re.DOTALL)
DONE = re.compile(r'["\']?\[DONE\]["\']?')
HTML = re.compile(r"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
WEB_PAGE = "a web page"
TITLE = re.compile(r"<(title|h1)[^>]{0,200}>(.{0,1000}?)</\1>", re.DOTALL | re.IGNORECASE)
LOOKED_AT = 100_000  # characters of a web page
SHOWN = 200  # characters of what cannot be read


@dataclass(frozen=True)
class Done:
    """The stream says that it has ended."""


@dataclass(frozen=True)
class Words:
    """Plain text where an event was expected: a sign of life, or what is wrong in words."""

    text: str


def read_events(pieces: Iterable[bytes]) -> Iterator[Any]:
    """The JSON values that a body holds, Words and Done. Raises BrokenReply for what is none of these."""
    data: list[str] = []
    loose: list[str] = []  # lines that belong to no field
    kind, seen = "", False
    for line in _lines(pieces):
        field = None if loose and loose[0].lstrip()[:1] in ("{", "[", "<") else FIELD.fullmatch(line)
        if not line.strip():
            yield from _event(kind, data)
            kind = ""
            data.clear()
        elif line.startswith(":"):
            continue
        elif field and field[1] == "data":
            data.append(field[2] or "")
            seen = True
        elif field:
            kind = (field[2] or "").strip() if field[1] == "event" else kind
        elif not loose and (value := _json_line(line)) is not None:
            yield value
            seen = True
        else:
            loose.append(line)
    yield from _event(kind, data)
    if loose:
        yield Words("\n".join(loose)) if seen else _whole("\n".join(loose))


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """The lines of a body, without their ends and a byte order mark."""
    rest, first = b"", True
    for piece in pieces:
        rest += piece
        if b"\n" not in piece and b"\r" not in piece:
            continue
        whole, rest = (rest[:-1], rest[-1:]) if rest.endswith(b"\r") else (rest, b"")  # half of an end, perhaps
        *lines, tail = LINE_END.split(whole)
        rest = tail + rest
        for line in lines:
            yield _text(line, first)
            first = False
    for line in LINE_END.split(rest):
        yield _text(line, first)
        first = False


def _text(line: bytes, first: bool) -> str:
    """A line as text; a byte that is none is no reason to lose the others."""
    text = line.decode("utf-8", "replace")
    return text.removeprefix("\ufeff") if first else text


def _event(kind: str, data: list[str]) -> Iterator[Any]:
    """What one event says; nothing where it has no data, or only a comment."""
    text = "\n".join(data).strip()
    while text.startswith("data:"):  # a relay that wrapped an event into another
        text = text.removeprefix("data:").strip()
    if not text or text.startswith(":"):
        return
    if DONE.fullmatch(text):
        yield Done()
    elif text[0] not in '{["':
        yield Words(text)
    else:
        for value in _values(text, data):
            yield {"error": value} if kind == "error" and not _has_error(value) else value


def _values(text: str, lines: list[str]) -> list[Any]:
    """The JSON of an event; of several events where no blank line parted them."""
    try:
        return [_parsed(text)]
    except ValueError:
        pass
    try:
        return [Done() if DONE.fullmatch(line.strip()) else _parsed(line) for line in lines if line.strip()]
    except ValueError:
        raise BrokenReply(f"an event of the stream is no JSON: {text[:SHOWN]!r}", unreadable=True) from None


def _parsed(text: str) -> Any:
    """A JSON value; ValueError where it is none. One that was put into a string once more is taken out of it."""
    try:
        value = json.loads(text)
        return json.loads(value) if isinstance(value, str) and value.lstrip().startswith("{") else value
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _json_line(line: str) -> Any:
    """A line that is a JSON value by itself, or the end of a stream without its field's name; None for any other."""
    if DONE.fullmatch(line.strip()):
        return Done()
    try:
        return _parsed(line) if line.lstrip().startswith("{") else None
    except ValueError:
        return None


def _whole(text: str) -> Any:
    """A body that is one JSON text. Raises BrokenReply, saying what it is instead."""
    try:
        return _parsed(text)
    except ValueError:
        page, shown = web_page(text), " ".join(text.split())[:SHOWN]
        came = f"{page} came in place of a reply" if page else f"the answer is no completion: {shown!r}"
        raise BrokenReply(came, unreadable=True) from None


def web_page(text: str) -> str:
    """A web page by its title; nothing where the text is none."""
    if not HTML.search(text[:2000]):
        return ""
    title = TITLE.search(text[:LOOKED_AT])
    return f"{WEB_PAGE} ({' '.join(title[2].split())[:SHOWN]})" if title else WEB_PAGE


def _has_error(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.get("error"))
