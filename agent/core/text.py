"""Texts in every language, and text of foreign origin made safe for a terminal."""

import re
from collections.abc import Callable, Mapping
from difflib import unified_diff as difference
from typing import Any

from agent.core.languages import LANGUAGES

# Everything that could move a terminal's cursor or colour its text; tabs and line ends stay.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
ENGLISH = "en"  # what a text says in a language that it lacks


def clean(text: str) -> str:
    """Text that its author cannot use to steer a terminal."""
    return CONTROL.sub("", text.replace("\r\n", "\n"))


def whole_characters(text: str) -> str:
    """A text that can be written down: halves of a character, as JSON may hold them, are joined or replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unified_diff(old: str, new: str, old_name: str, new_name: str) -> str:
    """The change from one text to another, as `diff -u` writes it; nothing where there is none."""
    lines = difference(old.splitlines(), new.splitlines(), old_name, new_name, lineterm="")
    return "".join(f"{line}\n" for line in lines)


class Text:
    """The same words in several languages: `text["zh"]`. A language that the text lacks reads as English.

    `Text(en="better", de="besser")`, or by position in the order of LANGUAGES. Stored as {"en": ..., "zh": ...}.
    """

    __slots__ = ("_words",)

    def __init__(self, *in_order: str, **words: str) -> None:
        self._words = dict(zip(LANGUAGES, in_order, strict=False)) | words

    @property
    def words(self) -> Mapping[str, str]:
        """Language -> words, as stored."""
        return self._words

    def __getitem__(self, language: str) -> str:
        return self._words[language] if language in self._words else self._words.get(ENGLISH, "")

    @property
    def same_in_all(self) -> bool:
        """Whether every language has the same words, as it is with names and numbers."""
        return len({self[code] for code in LANGUAGES}) == 1

    def __add__(self, other: "Text") -> "Text":
        codes = {**self._words, **other._words}
        return Text(**{code: self[code] + other[code] for code in codes})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self._words == other._words

    def __hash__(self) -> int:
        return hash(frozenset(self._words.items()))

    def __repr__(self) -> str:
        return f"Text({', '.join(f'{code}={words!r}' for code, words in self._words.items())})"

    @classmethod
    def _of(cls, words: Mapping[str, str]) -> "Text":
        return cls(**words)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: Any) -> dict[str, Any]:
        """Tells pydantic that a text is stored as a mapping from languages to words."""
        mapping = handler.generate_schema(dict[str, str])
        return {
            "type": "function-after",
            "function": {"type": "no-info", "function": cls._of},
            "schema": mapping,
            "serialization": {"type": "function-plain", "function": lambda text: text.words, "return_schema": mapping},
        }


def in_each(words: Callable[[str], str]) -> Text:
    """A text that is made language by language: `words` is given the code of each."""
    return Text(**{code: words(code) for code in LANGUAGES})


def say(key: str, **fields: object) -> Text:
    """The sentence of a key in every language, its fields filled in; a field that is a Text has words for each.

    Where a table gives alternatives, as in "{count} run|{count} runs", the field `count` chooses.
    """

    def words(code: str) -> str:
        language = LANGUAGES[code]
        parts = {name: field[code] if isinstance(field, Text) else field for name, field in fields.items()}
        forms = language.sentences[key].split("|")
        form = min(language.plural(int(str(fields["count"]))), len(forms) - 1) if len(forms) > 1 else 0
        return forms[form].format(**parts)

    return in_each(words)
