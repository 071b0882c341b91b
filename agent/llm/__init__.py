"""The door to a language model: messages go in, the text of a reply comes out. Nothing here knows what is asked.

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


class Door(Protocol):
    """Someone who can be asked."""

    model: str

    def ask(self, messages: Sequence[Message], purpose: str, keep: Keep) -> Reply:
        """The reply to a conversation; `keep` is told of every attempt. Raises Unavailable and OutOfMoney."""
        ...


class Line(Protocol):
    """A door as whoever begins and ends a search has it."""

    def knock(self) -> None:
        """See whether anybody answers. Raises as `Door.ask`, with little patience."""
        ...

    def close(self) -> None:
        """Nothing is waited for any more; who asks now or has asked hears Unavailable."""
        ...


@dataclass
class Conversation:
    """A talk with a model, of which every turn is taken down under a name."""

    door: Door
    purpose: str
    keep: Keep
    name: str
    messages: list[Message]

    def say(self, text: str) -> Reply:
        """Say something and hear the reply."""
        self.messages.append(Message("user", text))
        reply = self.door.ask(self.messages, self.purpose, self.keep)
        # Some endpoints refuse an empty turn.
        self.messages.append(Message("assistant", reply.text or "(nothing)"))
        return reply


def spoken(text: str) -> str:
    """A reply without the thoughts that some models put before it, in tags; their chat template may open the first."""
    return UNOPENED.sub("", THOUGHTS.sub("", text)).strip()
