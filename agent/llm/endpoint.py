"""A language model behind an OpenAI-compatible endpoint."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openai import OpenAI, OpenAIError

from agent.core.errors import Unavailable
from agent.llm import Keep, Message, Reply, spoken
from agent.llm.hearing import BrokenOff, Heard, Limits, hear
from agent.llm.purse import Bill, Purse
from agent.llm.secrets import Censor
from agent.llm.style import Style
from agent.llm.tokens import at_most
from agent.llm.transcript import Exchange
from agent.llm.trouble import Trouble, diagnose

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds
EMPTY_REPLIES = 2  # that are asked for again
KNOCKING = 10.0  # seconds that the first question may wait for troubles to pass


@dataclass
class Endpoint:
    """Asks politely: waits where it is told to, puts a request another way where it is refused, and keeps to the purse.

    `say` tells the reader of the search's log of troubles that are waited out.
    """

    client: OpenAI
    model: str
    style: Style
    limits: Limits
    purse: Purse
    censor: Censor
    say: Callable[[str], None] = lambda line: None

    def __post_init__(self) -> None:
        self.closed = threading.Event()

    @property
    def where(self) -> str:
        return self.censor(str(self.client.base_url).rstrip("/"))

    def ask(self, messages: Sequence[Message], purpose: str, keep: Keep) -> Reply:
        """The reply to a conversation. A reply that is cut by its length is asked for once more with twice the length.

        Raises Unavailable, in the endpoint's own words, for what will not pass; OutOfMoney before a call that is too
        dear.
        """
        waits = self._waits()
        cut: Reply | None = None
        empty = 0
        while True:
            tokens = self.style.reply_tokens * (2 if cut else 1)
            heard = self._try(self.style.request(self.model, messages, tokens), purpose, keep)
            if isinstance(heard, Trouble):
                if heard.refusal and cut:
                    return cut
                if not (heard.refusal and self.style.learn(heard.message)):
                    self._wait(heard, waits)
                continue
            reply = Reply(spoken(heard.text), heard.finish == "length")
            if reply.cut and not cut:
                cut = reply
            elif not reply.text and not cut and empty < EMPTY_REPLIES:
                empty += 1
            else:
                return reply

    def knock(self) -> None:
        """See whether anybody answers, and learn how to ask. Raises as `ask`, with little patience."""
        door = replace(self, limits=replace(self.limits, patience=min(KNOCKING, self.limits.patience)))
        door.ask([Message("user", "Answer with the one word: ready")], "knock", lambda exchange: None)

    def close(self) -> None:
        """Nothing is waited for any more; who asks now or has asked hears Unavailable."""
        self.closed.set()

    def _try(self, request: dict[str, Any], purpose: str, keep: Keep) -> Heard | Trouble:
        """One attempt, counted and taken down."""
        at, began = time.time(), time.monotonic()
        heard: Heard | None = None
        trouble: Trouble | None = None
        with self.purse.call(_most_in(request), request[self.style.limit]) as bill:
            try:
                heard = hear(self.client, request, self.limits, self.closed.is_set)
                _settle(bill, heard)
            except (OpenAIError, BrokenOff, ValueError) as error:
                trouble = diagnose(error)
                if not trouble.begun:
                    bill.cancel()
        keep(
            Exchange(
                at=at,
                purpose=purpose,
                request=request,
                reply=heard.text if heard else None,
                thoughts=heard.thoughts if heard else "",
                finish=heard.finish if heard else "",
                error=trouble.message if trouble else "",
                tokens_in=bill.tokens_in,
                tokens_out=bill.tokens_out,
                counted=bill.counted,
                dollars=self.purse.price(bill.tokens_in, bill.tokens_out) if self.purse.priced else None,
                seconds=time.monotonic() - began,
            )
        )
        return heard or trouble or Trouble("nothing was heard", passing=False)

    def _wait(self, trouble: Trouble, waits: Iterator[float]) -> None:
        """Wait until a trouble may have passed. Unavailable if it will not, or takes more patience than there is."""
        message = f"{self.where}: {self.censor(trouble.message)}"
        pause = next(waits, None)
        if not trouble.passing or self.closed.is_set():
            raise Unavailable(f"{message} (model {self.model})")
        if pause is not None and trouble.pause is not None:
            pause = trouble.pause if trouble.pause <= self.limits.patience else None
        if pause is None:
            raise Unavailable(
                f"{message} (model {self.model}; tried again and again for {self.limits.patience:g} seconds)"
            )
        self.say(f"· {message}; again in {pause:.0f} s")
        self.closed.wait(pause)

    def _waits(self) -> Iterator[float]:
        """Pauses that double, each shortened by chance so that several searches do not come back at once."""
        end, pause = time.monotonic() + self.limits.patience, FIRST_PAUSE
        while (now := pause * random.uniform(0.5, 1.0)) + time.monotonic() <= end:
            yield now
            pause = min(LONGEST_PAUSE, 2 * pause)


def _most_in(request: dict[str, Any]) -> int:
    return sum(at_most(message["content"]) for message in request["messages"])


def _settle(bill: Bill, heard: Heard) -> None:
    if heard.usage is not None:
        bill.settle(heard.usage.prompt_tokens or 0, heard.usage.completion_tokens or 0)
    else:
        bill.settle(bill.tokens_in, at_most(heard.text) + at_most(heard.thoughts), "by length")
