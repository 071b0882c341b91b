"""English."""

from agent.core.languages.en import (
    claims,
    desk,
    failures,
    gate,
    isolation,
    language_models,
    learning,
    lists,
    mechanisms,
    mixers,
    notes,
    objective,
    pages,
    places,
    proposals,
    report,
    searches,
    stopped,
    verification,
    web,
)
from agent.core.languages.language import Language

TABLES = (
    claims,
    desk,
    failures,
    gate,
    isolation,
    language_models,
    learning,
    lists,
    mechanisms,
    mixers,
    notes,
    objective,
    pages,
    places,
    proposals,
    report,
    searches,
    stopped,
    verification,
    web,
)


def plural(count: int) -> int:
    """1 run, 2 runs."""
    return 0 if count == 1 else 1


ENGLISH = Language(
    code="en",
    tag="en",
    name="English",
    short="EN",
    english="English",
    plural=plural,
    sentences={key: sentence for table in TABLES for key, sentence in table.SENTENCES.items()},
)
