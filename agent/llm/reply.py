"""The parts of a model's reply: tags around plain text, which the smallest model can write, in two languages."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.core.run import Section
from agent.core.text import Text

TONGUES = {"en": "English", "zh": "Chinese"}
CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2,}")
LEAST_CHINESE = 0.3  # of the words of a Chinese text; a Chinese character counts as half a word
MOST_CHINESE = 0.1  # of an English one
READING = Text(" on this:", " 的解读：")  # stands behind a model's name, between the facts and what it says of them
NOT_WRITTEN = Text("(The model wrote nothing in English here.)", "（模型未提供中文内容。）")


@dataclass(frozen=True)
class Parts:
    """What stood between tags, by their names, and all the rest of a reply."""

    tagged: Mapping[str, str]
    rest: str


def read_parts(reply: str, names: Iterable[str]) -> Parts:
    """Find <name>...</name> for each name. A tag that is not closed ends at the next one, or at a fence of code."""
    names = sorted(names)
    known = "|".join(names)
    end = rf"</\1>|(?=</?(?:{known}|code)>)|(?=^(?:```|~~~))|\Z"
    tag = re.compile(rf"<({known})>(.*?)(?:{end})", re.DOTALL | re.IGNORECASE | re.MULTILINE)
    tagged = {found[1].lower(): found[2].strip() for found in tag.finditer(reply) if found[2].strip()}
    rest = tag.sub("", reply)
    coded = re.findall(r"<code>\n?(.*?)(?:</code>|\Z)", rest, re.DOTALL | re.IGNORECASE)
    return Parts(tagged, coded[-1] if coded else rest)


def tags_of(sections: Sequence[Section]) -> list[str]:
    return [f"{section}_{tongue}" for section in sections for tongue in TONGUES]


def gaps(tagged: Mapping[str, str], sections: Sequence[Section]) -> list[str]:
    """What a reply lacks of these sections, each in words that may go back to its author."""
    found = []
    for name in tags_of(sections):
        tongue = name.rpartition("_")[2]
        if name not in tagged:
            found.append(f"the part <{name}> is missing: write it in {TONGUES[tongue]}")
        elif not speaks(tagged[name], tongue):
            found.append(f"the part <{name}> is not in {TONGUES[tongue]}: write it in {TONGUES[tongue]}")
    return found


def speaks(text: str, tongue: str) -> bool:
    """Whether a text is in a language ("en", "zh"); names and code are Latin in both."""
    chinese, latin = len(CHINESE.findall(text)) / 2, len(LATIN.findall(re.sub(r"\{\{.*?\}\}|`.*?`|\w*_\w*", "", text)))
    share = chinese / (chinese + latin) if chinese + latin else 0.0
    return share >= LEAST_CHINESE if tongue == "zh" else share <= MOST_CHINESE


def own_words(text: str) -> str:
    """What a model says in an English section, without the facts above it; all of it where there is no model in it."""
    return text.rpartition(f"{READING.en}\n")[2]


def texts(tagged: Mapping[str, str], sections: Sequence[Section]) -> dict[Section, Text]:
    """The sections of a reply in both languages; where one is missing or in the other language, that is said."""

    def text(section: Section, tongue: str) -> str:
        words = tagged.get(f"{section}_{tongue}", "")
        return words if words and speaks(words, tongue) else str(getattr(NOT_WRITTEN, tongue))

    return {section: Text(text(section, "en"), text(section, "zh")) for section in sections}
