"""The parts of a model's reply: tags around plain text, which the smallest model can write, in every language."""

import json
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from agent.core.languages import LANGUAGES
from agent.core.run import Section
from agent.core.text import ENGLISH, Text, in_each, say, whole_characters

CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
BEGINS_LINE = re.compile(r"(?:^|\n|>)[\s>*•#-]*\Z")  # nothing stands before it but marks, and other tags
CODE_BEGINS = re.compile(r"^[ \t>]*(?:```|~~~|<{4,9} ?SEARCH|<code>)", re.MULTILINE | re.IGNORECASE)
LATIN = re.compile(r"[A-Za-z]{2,}")
NAMES = re.compile(r"\{\{[^{}\n]*+\}\}|`[^`\n]*+`|(?<!\w)[^\W_]*+_\w*+")  # references, code and names with underscores
# How many of the words of a text in a language are Chinese, at least and at most; a Chinese character counts as half a
# word. Texts in a language that is not here are taken as they come.
SHARE_OF_CHINESE: Mapping[str, tuple[float, float]] = {"en": (0.0, 0.1), "zh": (0.3, 1.0)}


@dataclass(frozen=True)
class Parts:
    """What stood between tags, by their names, and all the rest of a reply."""

    tagged: Mapping[str, str]
    rest: str


def read_parts(reply: str, names: Iterable[str]) -> Parts:
    """Find <name>...</name> for each name, or a JSON object with these keys.

    A tag that is not closed ends at the next one, or at code; it must begin its line, else it is only mentioned. Of
    several of one name the last counts.
    """
    names = frozenset(names)
    tags = list(re.finditer(rf"<\s*+(/?)\s*+({'|'.join(sorted(names))})\s*+>", reply, re.IGNORECASE))
    tagged: dict[str, str] = {}
    rest, end = [], 0
    for number, tag in enumerate(tags):
        if tag[1] or tag.start() < end:
            continue
        name = tag[2].lower()
        following = tags[number + 1] if number + 1 < len(tags) else None
        whole = following is not None and bool(following[1]) and following[2].lower() == name
        if not whole and not BEGINS_LINE.search(reply[max(0, tag.start() - 200) : tag.start()]):
            continue
        stop = following.start() if following else len(reply)
        if not whole and (code := CODE_BEGINS.search(reply, tag.end(), stop)):
            stop = code.start()
        if text := reply[tag.end() : stop].strip():
            tagged[name] = text
        rest.append(reply[end : tag.start()])
        end = following.end() if whole and following else stop
    return Parts(tagged or _from_json(reply, names), "".join([*rest, reply[end:]]))


def _from_json(reply: str, names: Container[str]) -> dict[str, str]:
    """The parts of a reply that is a JSON object, alone or in a fence; nothing where it is none."""
    fenced = re.search(r"^```(?:json)?[ \t]*\n(\{(?:(?!\n```).)*\})[ \t]*\n```", reply, re.DOTALL | re.MULTILINE)
    text = fenced[1] if fenced else reply.strip()
    if not text.startswith("{"):
        return {}
    try:
        value = json.loads(text, strict=False)
        return {name: whole_characters(_plain(part)) for name, part in value.items() if name in names and part}
    except (ValueError, RecursionError):
        return {}


def _plain(part: Any) -> str:
    """A value of JSON as the text between tags would have it."""
    match part:
        case dict():
            return "\n".join(f"{name}: {_plain(value)}" for name, value in part.items())
        case list():
            return "\n".join(f"• {_plain(each)}" for each in part)
    return str(part)


def tags_of(sections: Sequence[str]) -> list[str]:
    """The tag of each section in each language: outcome_en."""
    return [f"{section}_{code}" for section in sections for code in LANGUAGES]


def gaps(tagged: Mapping[str, str], sections: Sequence[Section]) -> list[str]:
    """What a reply lacks of these sections, each in words that may go back to its author."""
    found = []
    for name in tags_of(sections):
        language = LANGUAGES[name.rpartition("_")[2]]
        if name not in tagged:
            found.append(f"the part <{name}> is missing: write it in {language.english}")
        elif not speaks(tagged[name], language.code):
            found.append(f"the part <{name}> is not in {language.english}: write it in {language.english}")
    return found


def speaks(text: str, language: str) -> bool:
    """Whether a text is in a language, as far as it is told apart; names and code are Latin in all."""
    least, most = SHARE_OF_CHINESE.get(language, (0.0, 1.0))
    chinese, latin = len(CHINESE.findall(text)) / 2, len(LATIN.findall(NAMES.sub("", text)))
    return least <= (chinese / (chinese + latin) if chinese + latin else 0.0) <= most


def own_words(text: str) -> str:
    """What a model says in an English section, without the facts above it; all of it where there is no model in it."""
    heading = say("note.model says", model="")[ENGLISH]
    return text.rpartition(f"{heading}\n")[2]


def texts(tagged: Mapping[str, str], sections: Sequence[Section]) -> dict[Section, Text]:
    """The sections of a reply in every language; where one is missing or in another language, that is said."""
    unwritten = say("note.model gap")

    def words(section: Section, language: str) -> str:
        found = tagged.get(f"{section}_{language}", "")
        return found if found and speaks(found, language) else unwritten[language]

    return {section: in_each(partial(words, section)) for section in sections}
