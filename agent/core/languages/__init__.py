"""The languages that this program speaks, each a table of sentences: a new one is a package here and a line below."""

from agent.core.languages.en import ENGLISH
from agent.core.languages.language import Language
from agent.core.languages.zh import CHINESE

# The first is English, which stands in where a stored text lacks a language.
LANGUAGES: dict[str, Language] = {language.code: language for language in (ENGLISH, CHINESE)}
