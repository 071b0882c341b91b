"""English."""

from agent.core.languages.en import desk, failures, pages
from agent.core.languages.language import Language


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
    sentences={**desk.SENTENCES, **failures.SENTENCES, **pages.SENTENCES},
)
