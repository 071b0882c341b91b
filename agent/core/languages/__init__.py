"""The languages that this program speaks. To add one, write a package like `en` and name it in LANGUAGES below.

Nothing else has to change: notes, pages, the desk, `--lang` and what a model is asked to write follow the list. What is
stored already, and the moves of templates/moves, read as English where they lack the language. How numbers in a model's
words are checked (agent/science/claim_words.py) and whether its words are in the language at all (agent/llm/reply.py)
may be told for a language too, and need not be.
"""

from agent.core.errors import UsageError
from agent.core.languages.en import ENGLISH
from agent.core.languages.language import Language
from agent.core.languages.zh import CHINESE

# The first is English, which stands in where a stored text lacks a language.
LANGUAGES: dict[str, Language] = {language.code: language for language in (ENGLISH, CHINESE)}


def check_language(asked: str, *also: str) -> None:
    """UsageError where `--lang` names no language, nor one of the words that are taken beside them."""
    if asked not in (*LANGUAGES, *also):
        *others, last = [*LANGUAGES, *also]
        raise UsageError(f"--lang {asked}: {', '.join(others)} or {last}")
