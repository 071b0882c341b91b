"""The languages that this program speaks, each a table of sentences: a new one is a module here and a line below."""

from collections.abc import Mapping

from agent.core.languages import en, zh

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": en.SENTENCES, "zh": zh.SENTENCES}
