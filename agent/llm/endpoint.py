"""A language model behind an OpenAI-compatible endpoint."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openai import OpenAI, OpenAIError

from agent.core.errors import Unavailable
from agent.llm import Keep, Message, Reply, without_thoughts
from agent.llm.completion import BrokenReply, Completion, Limits, receive
from agent.llm.dialect import Dialect
from agent.llm.request_failure import RequestFailure, classify
from agent.llm.secrets import Censor
from agent.llm.spending import Charge, Spending
from agent.llm.tokens import at_most
from agent.llm.transcript import Exchange

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds
EMPTY_REPLIES = 2  # that are asked for again
PROBE_PATIENCE = 10.0  # seconds that the first question may wait for troubles to pass


@dataclass
class Endpoint:
    """Waits where the endpoint asks for it, puts a refused request another way, and keeps to the spending limit.

    `say` tells the reader of the search's log of troubles that are waited out.
    """

    client: OpenAI
    model: str
    dialect: Dialect
    limits: Limits
    spending: Spending
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
            tokens = self.dialect.reply_tokens * (2 if cut else 1)
            heard = self._try(self.dialect.request(self.model, messages, tokens), purpose, keep)
            if isinstance(heard, RequestFailure):
                if heard.refusal and cut:
                    return cut
                if not (heard.refusal and self.dialect.learn(heard.message)):
                    self._wait(heard, waits)
                continue
            reply = Reply(without_thoughts(heard.text), heard.finish == "length")
            if reply.cut and not cut:
                cut = reply
            elif not reply.text and not cut and empty < EMPTY_REPLIES:
                empty += 1
            else:
                return reply

    def probe(self) -> None:
        """See whether anybody answers, and learn how to ask. Raises as `ask`, with little patience."""
        llm = replace(self, limits=replace(self.limits, patience=min(PROBE_PATIENCE, self.limits.patience)))
        llm.ask([Message("user", "Answer with the one word: ready")], "probe", lambda exchange: None)

    def close(self) -> None:
        """Nothing is waited for any more; who asks now or has asked hears Unavailable."""
        self.closed.set()

    def _try(self, request: dict[str, Any], purpose: str, keep: Keep) -> Completion | RequestFailure:
        """One attempt, counted and taken down."""
        at, began = time.time(), time.monotonic()
        heard: Completion | None = None
        trouble: RequestFailure | None = None
        with self.spending.call(_most_in(request), request[self.dialect.limit]) as charge:
            try:
                heard = receive(self.client, request, self.limits, self.closed.is_set)
                _settle(charge, heard)
            except (OpenAIError, BrokenReply, ValueError) as error:
                trouble = classify(error)
                if not trouble.begun:
                    charge.cancel()
        keep(
            Exchange(
                at=at,
                purpose=purpose,
                request=request,
                reply=heard.text if heard else None,
                thoughts=heard.thoughts if heard else "",
                finish=heard.finish if heard else "",
                error=trouble.message if trouble else "",
                tokens_in=charge.tokens_in,
                tokens_out=charge.tokens_out,
                counted=charge.counted,
                dollars=self.spending.price(charge.tokens_in, charge.tokens_out) if self.spending.priced else None,
                seconds=time.monotonic() - began,
            )
        )
        return heard or trouble or RequestFailure("nothing was heard", passing=False)

    def _wait(self, trouble: RequestFailure, waits: Iterator[float]) -> None:
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


def _settle(charge: Charge, heard: Completion) -> None:
    if heard.usage is not None:
        charge.settle(heard.usage.prompt_tokens or 0, heard.usage.completion_tokens or 0)
    else:
        charge.settle(charge.tokens_in, at_most(heard.text) + at_most(heard.thoughts), "by length")
