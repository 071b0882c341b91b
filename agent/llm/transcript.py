"""What was said to a model and what it answered: one line of JSON an attempt."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Counted = Literal["as reported", "by length", "in full", "not at all"]


@dataclass(frozen=True)
class Exchange:
    """One attempt at an answer. `request` is what was sent; either `reply` or `error` says what came of it.

    `broken_off` is what was said before an error.

    `counted` says how its tokens are known: as the endpoint reported them; by the length of the texts where it did not;
    in full, as much as was asked for, where it broke off in mid-way; or not at all where it was refused.
    """

    at: float  # seconds since the epoch
    purpose: str
    request: dict[str, Any]
    reply: str | None = None
    thoughts: str = ""
    finish: str = ""
    error: str = ""
    broken_off: str = ""  # what came of a reply before the error
    tokens_in: int = 0
    tokens_out: int = 0
    counted: Counted = "not at all"
    dollars: float | None = None
    seconds: float = 0.0

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation that was sent: role and content of each turn."""
        return list(self.request["messages"])


def transcript_line(exchange: Exchange, censor: Callable[[str], str] = lambda text: text) -> str:
    """An exchange as a line of a transcript, without what the censor takes out."""
    return json.dumps(_censored(asdict(exchange), censor), ensure_ascii=False) + "\n"


def read_transcript(text: str) -> list[Exchange]:
    """The exchanges of a transcript. A last line that was torn off by a crash is passed over."""
    exchanges = []
    lines = text.removesuffix("\n").split("\n")  # alone: JSON may hold what splitlines() takes for an end as well
    for number, line in enumerate(lines, 1):
        try:
            exchanges.append(Exchange(**json.loads(line)))
        except (ValueError, TypeError):
            if number < len(lines):
                raise ValueError(f"line {number} of the transcript is no exchange: {line[:60]!r}") from None
    return exchanges


def answered(exchanges: Iterable[Exchange], *purposes: str) -> list[Exchange]:
    """The exchanges for one of these purposes that had a reply."""
    return [exchange for exchange in exchanges if exchange.reply is not None and exchange.purpose in purposes]


def _censored(value: Any, censor: Callable[[str], str]) -> Any:
    match value:
        case str():
            return censor(value)
        case dict():
            return {key: _censored(part, censor) for key, part in value.items()}
        case list() | tuple():
            return [_censored(part, censor) for part in value]
    return value
