"""Asking a language model: messages go in, the text of a reply comes out. Nothing here knows what is asked.

Plain chat completions with plain text are all that is needed, so that a small model on one's own machine can take part.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from agent.core.errors import INTERRUPTED, DeltaSearchError, Unavailable
from agent.llm.transcript import Exchange

Keep = Callable[[Exchange], None]  # takes down an exchange


class Interrupted(DeltaSearchError):
    """You stopped the program while it waited for a model."""

    exit_code = INTERRUPTED


class PromptTooLong(Unavailable):
    """The prompt does not fit into the model's context, however short the reply.

    In tokens, as the endpoint counts them: `context` is what prompt and reply may have together, `prompt` what this one
    had; None where it does not say.
    """

    def __init__(self, message: str, context: int | None = None, prompt: int | None = None) -> None:
        super().__init__(message)
        self.context, self.prompt = context, prompt


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Reply:
    """What a model said, apart from what it thought aloud before.

    `cut`: it ended at the limit of its length. `problem` says why it may hold no answer, in words that may go back to
    the model: a tool call, a filter, thoughts that were never closed.
    """

    text: str
    cut: bool = False
    problem: str = ""
    thoughts: str = ""


class LanguageModel(Protocol):
    """A language model that can be asked. `model` is its name."""

    model: str

    def ask(self, messages: Sequence[Message], purpose: str, keep: Keep) -> Reply:
        """The reply to a conversation; `keep` is told of every attempt.

        Raises Unavailable (PromptTooLong where the prompt is the reason), OutOfMoney and Interrupted.
        """
        ...


@dataclass(frozen=True)
class Call:
    """A model that is being asked: for what, since when in seconds since the epoch, and how much of the reply came."""

    model: str
    purpose: str
    since: float
    tokens: int  # as reported so far, else by the length of what came


class Connection(Protocol):
    """The way to a language model, as the search opens and ends it."""

    def calls(self) -> tuple[Call, ...]:
        """The calls under way, the oldest first."""
        ...

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
