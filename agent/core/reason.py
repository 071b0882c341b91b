"""Why something failed or how it was confined: a key and fields, from which every language makes its sentence."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from string import Formatter
from typing import Any

from agent.core.languages import LANGUAGES
from agent.core.text import ENGLISH, Text, say

Field = str | int | float
SAID = "said"  # the key of what Python, torch, a variant or an earlier version of this program said


@dataclass(frozen=True)
class Reason:
    """`key` names a sentence of the tables in agent/core/languages, and `fields` are what it leaves open.

    Fields are small and finite, so that a reason can be kept as JSON; a measurement that may be no number is given as
    it is shown, as a string. ValueError for a number that is not finite.
    """

    key: str
    fields: Mapping[str, Field] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not all(isfinite(value) for value in self.fields.values() if isinstance(value, float)):
            raise ValueError(f"{self.key}: a field is not finite; give it as a string: {dict(self.fields)}")

    @classmethod
    def said(cls, words: str) -> "Reason":
        """What somebody else said, shown as it was said in every language."""
        return cls(SAID, {"words": words})

    @property
    def text(self) -> Text:
        """The sentence in every language. A reason of a newer version, which no table knows, shows what it holds."""
        try:
            return say(self.key, **self.fields)
        except (KeyError, ValueError, TypeError):
            return say(SAID, words=f"{self.key} {json.dumps(dict(self.fields), ensure_ascii=False)}")

    def __str__(self) -> str:
        """The sentence in English, as logs, prompts and terminals show it."""
        return self.text[ENGLISH]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: Any) -> dict[str, Any]:
        return also_from_strings(handler(source), cls.said)

    def having(self, **fields: Field) -> "Reason":
        """The same reason with some fields changed."""
        return replace(self, fields={**self.fields, **fields})


def fields_of(key: str) -> frozenset[str]:
    """The names of the fields that the sentence of a key leaves open. KeyError where no table has the key."""
    parsed = Formatter().parse(LANGUAGES[ENGLISH].sentences[key])
    return frozenset(name for _, name, _, _ in parsed if name is not None)


def also_from_strings(schema: dict[str, Any], read: Callable[[str], object]) -> dict[str, Any]:
    """Tells pydantic that earlier versions kept as a plain string what this schema is of."""

    def today(kept: object) -> object:
        return read(kept) if isinstance(kept, str) else kept

    return {"type": "function-before", "function": {"type": "no-info", "function": today}, "schema": schema}
