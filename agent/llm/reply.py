"""The parts of a model's reply: tags around plain text, which the smallest model can write, in every language."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from agent.core.languages import LANGUAGES
from agent.core.run import Section
from agent.core.text import ENGLISH, Text, in_each, say

CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2,}")
# How many of the words of a text in a language are Chinese, at least and at most; a Chinese character counts as half a
# word. Texts in a language that is not here are taken as they come.
SHARE_OF_CHINESE: Mapping[str, tuple[float, float]] = {"en": (0.0, 0.1), "zh": (0.3, 1.0)}


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
    chinese, latin = len(CHINESE.findall(text)) / 2, len(LATIN.findall(re.sub(r"\{\{.*?\}\}|`.*?`|\w*_\w*", "", text)))
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
