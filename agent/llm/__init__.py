"""Asking a language model: messages go in, the text of a reply comes out. Nothing here knows what is asked.

Plain chat completions with plain text are all that is needed, so that a small model on one's own machine can take part.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from agent.llm.transcript import Exchange

Keep = Callable[[Exchange], None]  # takes down an exchange

THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
UNOPENED = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Reply:
    """What a model said, without what it thought aloud before. `cut`: it ended at the limit of its length."""

    text: str
    cut: bool = False


class LanguageModel(Protocol):
    """A language model that can be asked. `model` is its name."""

    model: str

    def ask(self, messages: Sequence[Message], purpose: str, keep: Keep) -> Reply:
        """The reply to a conversation; `keep` is told of every attempt. Raises Unavailable and OutOfMoney."""
        ...


class Connection(Protocol):
    """The way to a language model, as the search opens and ends it."""

    def probe(self) -> None:
        """Ask a short question to see whether anybody answers. Raises as `LanguageModel.ask`, with little patience."""
        ...

    def close(self) -> None:
        """Stop waiting: every call under way or to come raises Unavailable."""
        ...


@dataclass
class Conversation:
    """A talk with a model, of which every turn is taken down under a name."""

    llm: LanguageModel
    purpose: str
    keep: Keep
    name: str
    messages: list[Message]

    def say(self, text: str) -> Reply:
        """Send a message and return the reply."""
        self.messages.append(Message("user", text))
        reply = self.llm.ask(self.messages, self.purpose, self.keep)
        # Some endpoints refuse an empty turn.
        self.messages.append(Message("assistant", reply.text or "(nothing)"))
        return reply


def without_thoughts(text: str) -> str:
    """A reply without the thoughts that some models put before it, in tags; their chat template may open the first."""
    return UNOPENED.sub("", THOUGHTS.sub("", text)).strip()
