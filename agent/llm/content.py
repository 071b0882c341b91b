"""What a message of a model says, thinks and wants to call, in each of the forms that endpoints give it."""

from dataclasses import dataclass, field
from typing import Any

from agent.core.text import clean, whole_characters
from agent.llm.transfer import BrokenReply

LONGEST_NAME = 100  # characters of a tool's
THOUGHTS = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
THINKING = ("thinking", "reasoning", "redacted_thinking", "thought")  # types of a part, or what they begin with


@dataclass(frozen=True)
class Content:
    """Text, thoughts and the names of tools to call. `whole`: of a message, which may repeat what came before."""

    text: str = ""
    thoughts: str = ""
    tools: list[str] = field(default_factory=list)
    whole: bool = False


def content_of(message: Any, whole: bool = False) -> Content:
    """What a delta or a message holds; nothing where it is null or empty. BrokenReply for what is neither."""
    match message:
        case None:
            return Content()
        case str():
            return Content(message)
        case dict():
            pass
        case _:
            raise BrokenReply(f"a message is {str(message)[:100]}", unreadable=True)
    text, thoughts = _parts(message.get("content"))
    text = text or _parts(message.get("refusal"))[0]
    for name in THOUGHTS:  # the same thoughts may stand in several of them
        if not thoughts and not isinstance(message.get(name), bool):
            thoughts = "".join(_parts(message.get(name)))
    return Content(text, thoughts, _tools(message), whole)


def _parts(content: Any) -> tuple[str, str]:
    """The text and the thoughts of a content: a string, a part, a list of them, or nothing."""
    match content:
        case None:
            return "", ""
        case str():
            return content, ""
        case list():
            pairs = [_parts(part) for part in content]
            return "".join(text for text, _ in pairs), "".join(thoughts for _, thoughts in pairs)
        case dict():
            return _part(content)
    raise BrokenReply(f"a content is {str(content)[:100]}", unreadable=True)


def _part(part: dict[str, Any]) -> tuple[str, str]:
    kind = str(part.get("type", "")).lower()
    found = next(
        (part[name] for name in ("text", "content", "thinking", "reasoning", "summary", "refusal", "value", "parts")
         if part.get(name)),
        None,
    )  # fmt: skip
    text, thoughts = _parts(found)
    if kind.startswith(THINKING) or part.get("thought") is True:
        return "", thoughts + text
    return text, thoughts


def _tools(message: dict[str, Any]) -> list[str]:
    """The names of the tools that are to be called; a name comes once, in the first piece of a call."""
    calls = message.get("tool_calls") or ([message["function_call"]] if message.get("function_call") else [])
    names = []
    for call in calls if isinstance(calls, list) else [calls]:
        function = call.get("function", call) if isinstance(call, dict) else None
        if isinstance(function, dict) and function.get("name"):
            names.append(clean(whole_characters(str(function["name"])))[:LONGEST_NAME])
    return names
