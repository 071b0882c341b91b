"""Words: the same in every language, or somebody else's on a terminal."""

import re
from dataclasses import dataclass
from difflib import unified_diff as difference

from agent.core.languages import LANGUAGES

# Everything that could move a terminal's cursor or colour its text; tabs and line ends stay.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Text that whoever wrote it cannot use to steer a terminal."""
    return CONTROL.sub("", text.replace("\r\n", "\n"))


def unified_diff(old: str, new: str, old_name: str, new_name: str) -> str:
    """The change from one text to another, as `diff -u` writes it; nothing where there is none."""
    lines = difference(old.splitlines(), new.splitlines(), old_name, new_name, lineterm="")
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Text:
    """The same words in both languages."""

    en: str
    zh: str

    def __add__(self, other: "Text") -> "Text":
        return Text(self.en + other.en, self.zh + other.zh)

    def __getitem__(self, language: str) -> str:
        """The words in a language of LANGUAGES."""
        return {"en": self.en, "zh": self.zh}[language]


def say(key: str, **fields: object) -> Text:
    """The sentence of a key in every language, its fields filled in; a field that is a Text has words for each."""
    said = {}
    for language, sentences in LANGUAGES.items():
        parts = {name: field[language] if isinstance(field, Text) else field for name, field in fields.items()}
        said[language] = sentences[key].format(**parts)
    return Text(**said)
