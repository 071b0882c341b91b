"""Tells what a model says from what it thinks aloud before, in the marks that models and servers leave in a text.

A mark counts where it stands like one: at the beginning of the text or of a line, or closing what was opened. A tag
that is only mentioned, in a sentence or between backticks, is a word like any other.
"""

import re
from dataclasses import dataclass

NAMES = r"(?:think|thinking|thought|thoughts|reasoning|seed:think|antthinking|scratchpad)"
OPEN = rf"(?:<{NAMES}>|\[THINK\]|◁think▷|<\|begin_of_thought\|>|<unused94>thought)"
CLOSE = rf"(?:</{NAMES}>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>|<unused95>)"
FLAGS = re.DOTALL | re.IGNORECASE | re.MULTILINE
OPENED = re.compile(rf"(?:\A|^)[ \t]*{OPEN}", FLAGS)
CLOSED = re.compile(CLOSE, FLAGS)
# Within a sentence, with a blank on both sides, or between quotation marks a tag is only mentioned.
MENTIONED = re.compile(rf"(?<=\S[ ]){CLOSE}(?=[ ]\S)|(?<=[`'\"“‘]){CLOSE}(?=[`'\"”’])", FLAGS)
# OpenAI's open models put their turns into channels; some servers hand those on as they are, or without their signs.
FINAL = re.compile(r"<\|channel\|>\s*final\b.{0,200}?<\|message\|>|\Aanalysis.*assistantfinal", FLAGS)
CHANNEL = re.compile(r"\A(?:<\|start\|>assistant)?<\|channel\|>\s*(?:analysis|commentary)\b.*?<\|message\|>", FLAGS)
END_SIGNS = (
    *(f"<|{name}|>" for name in ("im_end", "eot_id", "endoftext", "end", "return", "eom_id", "end_of_text")),
    *("</s>", "<｜end▁of▁sentence｜>", "<end_of_turn>", "[INST]", "[/INST]"),
)


@dataclass(frozen=True)
class Spoken:
    """A text without its thoughts. `unclosed`: they were opened and never closed, so that nothing tells them apart."""

    text: str
    thoughts: str = ""
    unclosed: bool = False


def without_thoughts(text: str) -> Spoken:
    """What is said in a text, apart from what is thought aloud."""
    text = _without_end_signs(text.removeprefix("\ufeff"))
    if finals := list(FINAL.finditer(text)):
        return Spoken(_up_to_an_end(text[finals[-1].end() :]), text[: finals[-1].start()].strip())
    if found := CHANNEL.match(text):
        return Spoken(text[found.end() :].strip(), unclosed=True)
    said, thoughts = text, []
    while (opened := OPENED.search(said)) and (closed := _closing(said, opened.end())):
        thoughts.append(said[opened.end() : closed.start()])
        said = said[: opened.start()] + said[closed.end() :]
    if opened and not said[: opened.start()].strip():
        return Spoken(said[opened.end() :].strip(), "".join(thoughts).strip(), unclosed=True)
    if not thoughts and (last := _last_closing(said)):  # the chat template had opened them
        thoughts.append(said[: last.start()])
        said = said[last.end() :]
    return Spoken(said.strip(), "\n".join(thoughts).strip())


def _without_end_signs(text: str) -> str:
    """A text without the blanks and the signs that a server left at its end."""
    end, before = len(text), -1
    while end != before:
        before = end
        while end and text[end - 1].isspace():
            end -= 1
        end -= next((len(sign) for sign in END_SIGNS if text.endswith(sign, 0, end)), 0)
    return text[:end]


def _closing(text: str, start: int) -> re.Match[str] | None:
    """The mark that closes what was opened before `start`."""
    marks = (found for found in CLOSED.finditer(text, start) if not MENTIONED.match(text, found.start()))
    return next(marks, None)


def _last_closing(text: str) -> re.Match[str] | None:
    """The last closing mark with something behind it, of those that are more than mentioned."""
    marks = [found for found in CLOSED.finditer(text) if not MENTIONED.match(text, found.start())]
    return next((found for found in reversed(marks) if text[found.end() :].strip()), None)


def _up_to_an_end(text: str) -> str:
    return re.split(r"<\|(?:end|return|start)\|>", text)[0].strip()
