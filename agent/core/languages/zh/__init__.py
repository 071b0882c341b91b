"""Chinese."""

from agent.core.languages.language import Language
from agent.core.languages.zh import (
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
    """A noun is the same for any number."""
    return 0


CHINESE = Language(
    code="zh",
    tag="zh-Hans",
    name="中文",
    short="中文",
    english="Chinese",
    plural=plural,
    sentences={key: sentence for table in TABLES for key, sentence in table.SENTENCES.items()},
)
