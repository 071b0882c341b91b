"""A language model behind an OpenAI-compatible endpoint."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from openai import OpenAI

from agent.core.errors import Unavailable
from agent.llm import Call, Interrupted, Keep, Message, PromptTooLong, Reply
from agent.llm.answers import reply_of
from agent.llm.completion import Completion, Limits, receive
from agent.llm.context_length import TooLong, too_long
from agent.llm.dialect import Dialect
from agent.llm.events import WEB_PAGE
from agent.llm.patience import Patience, told
from agent.llm.proxy import proxy_of
from agent.llm.request_failure import RequestFailure, classify
from agent.llm.secrets import Censor
from agent.llm.spending import Charge, Spending
from agent.llm.tokens import at_most, estimate
from agent.llm.transcript import Counted, Exchange
from agent.llm.transfer import TICK

EMPTY_REPLIES = 2  # that are asked for again
PROBE_PATIENCE = 10.0  # seconds that failures of the first question are waited out
SILENCE = 3.0  # seconds without a part of the reply, after which a person who stops the search need not wait for it
LEAST_REPLY = 1024  # tokens; below that no variant fits into a reply
TEMPLATE_TOKENS = 64  # that a chat template may add to a prompt after it was counted
UNREADABLE_STREAMS = 2  # after which the endpoint is asked without streaming for good
WORTH_TELLING = 5.0  # seconds
RECHECK = 900.0  # seconds after which an endpoint that asked to be left alone for longer is asked all the same


class _Stop(Exception):
    """Nobody waits for the reply any more."""


@dataclass(eq=False)
class _UnderWay:
    """A call that waits for its reply, and the reply so far."""

    purpose: str
    since: float = field(default_factory=time.time)
    completion: Completion = field(default_factory=Completion)

    @property
    def tokens(self) -> int:
        came = self.completion
        return came.usage.tokens_out or estimate(came.text) + estimate(came.thoughts)


@dataclass
class Endpoint:
    """Waits where the endpoint asks for it, puts a refused request another way, and keeps to the spending limit.

    `say` tells the reader of the search's log of failures that are waited out. `interrupted` is whether a person wants
    to stop: then nothing that is silent is waited for.
    """

    client: OpenAI
    model: str
    dialect: Dialect
    limits: Limits
    spending: Spending
    censor: Censor
    say: Callable[[str], None] = lambda line: None
    interrupted: Callable[[], bool] = lambda: False
    _closed: threading.Event = field(default_factory=threading.Event, repr=False)
    _not_before: float = 0.0  # monotonic seconds before which the endpoint is not asked, as it wishes
    _asked_until: float = 0.0  # the same as it wishes, which may be days
    _unreadable: int = 0  # streams
    _calls: "list[_UnderWay]" = field(default_factory=list, repr=False)

    @property
    def where(self) -> str:
        return self.censor(str(self.client.base_url).rstrip("/"))

    def ask(self, messages: Sequence[Message], purpose: str, keep: Keep) -> Reply:
        """The reply to a conversation. A reply that is cut by its length is asked for once more with twice the length.

        Raises Unavailable, in the endpoint's own words, for what will not pass; PromptTooLong; OutOfMoney before a call
        that is too dear; Interrupted.
        """
        self._check_that_it_may_be_asked()
        with self._under_way(purpose) as call:
            return self._answered(messages, purpose, keep, call)

    def _answered(self, messages: Sequence[Message], purpose: str, keep: Keep, call: "_UnderWay") -> Reply:
        """The same, of a call that others may look at."""
        patience = Patience(self.limits.patience)
        tokens, stream = self.dialect.reply_tokens, True
        cut: Reply | None = None
        empty = 0
        while True:
            asked = tokens * (2 if cut else 1)
            call.completion = Completion()
            outcome = self._try(
                self.dialect.request(self.model, messages, asked, stream), purpose, keep, call.completion
            )
            if isinstance(outcome, RequestFailure):
                if outcome.refusal and cut:
                    return self._censored(cut)
                if outcome.refusal and (length := too_long(outcome.message)):
                    tokens = self._shorter(tokens, length, outcome)
                elif not (outcome.refusal and self.dialect.learn(outcome.message)):
                    stream = self._stream_after(outcome, stream)
                    self._wait(outcome, patience)
                continue
            reply = reply_of(outcome)
            if reply.cut and not cut:
                cut = reply
            elif not reply.text and not reply.problem and not cut and empty < EMPTY_REPLIES:
                empty += 1
            else:
                self._not_before = 0.0
                if not stream and self._unreadable >= UNREADABLE_STREAMS:
                    self.dialect.stream = False
                return self._censored(reply)

    def _censored(self, reply: Reply) -> Reply:
        """A reply without the key that an endpoint may repeat: parts of it come into notes, names and files."""
        return replace(
            reply,
            text=self.censor(reply.text),
            problem=self.censor(reply.problem),
            thoughts=self.censor(reply.thoughts),
        )

    def probe(self) -> None:
        """See whether anybody answers, and learn how to ask. Raises as `ask`, with little patience."""
        probing = replace(self, limits=replace(self.limits, patience=min(PROBE_PATIENCE, self.limits.patience)))
        probing.ask([Message("user", "Answer with the one word: ready")], "probe", lambda exchange: None)

    def calls(self) -> tuple[Call, ...]:
        """The calls under way, the oldest first."""
        return tuple(Call(self.model, call.purpose, call.since, call.tokens) for call in tuple(self._calls))

    @contextmanager
    def _under_way(self, purpose: str) -> Iterator["_UnderWay"]:
        call = _UnderWay(purpose)
        self._calls.append(call)
        try:
            yield call
        finally:
            self._calls.remove(call)

    def close(self) -> None:
        """Stop waiting: every call under way or to come raises Unavailable."""
        self._closed.set()

    def _try(
        self, request: dict[str, Any], purpose: str, keep: Keep, completion: Completion
    ) -> Completion | RequestFailure:
        """One attempt, counted and taken down, also what came of a reply that broke off."""
        at, began = time.time(), time.monotonic()
        failure: RequestFailure | None = None
        with self.spending.call(_most_in(request), request[self.dialect.limit]) as charge:
            try:
                receive(self.client, request, self.limits, self._check, completion)
                _settle(charge, completion)
            except _Stop:
                failure = RequestFailure("you stopped it", temporary=False, begun=True)
            except Exception as error:  # of the network, the endpoint or a library: each is the failure of this request
                failure = classify(error)
                if not failure.begun:
                    charge.cancel()
        keep(
            Exchange(
                at=at,
                purpose=purpose,
                request=request,
                reply=None if failure else completion.text,
                broken_off=completion.text if failure else "",
                thoughts=completion.thoughts,
                finish=completion.finish,
                error=failure.message if failure else "",
                tokens_in=charge.tokens_in,
                tokens_out=charge.tokens_out,
                counted=charge.counted,
                dollars=self.spending.price(charge.tokens_in, charge.tokens_out) if self.spending.priced else None,
                seconds=time.monotonic() - began,
            )
        )
        return failure or completion

    def _check(self, silent: float) -> None:
        """Raises _Stop where a reply need not be waited for, of which nothing came for so many seconds."""
        if self._closed.is_set() or (self.interrupted() and silent > SILENCE):
            raise _Stop

    def _shorter(self, tokens: int, length: TooLong, refusal: RequestFailure) -> int:
        """How long a reply to ask for where the request was too long. PromptTooLong where the prompt alone is that."""
        if length.reply is not None and LEAST_REPLY <= length.reply < tokens:
            self.dialect.reply_tokens = length.reply  # it holds for every prompt
            return length.reply
        if length.together is not None and length.prompt is not None:
            shorter = min(length.together - length.prompt - TEMPLATE_TOKENS, tokens * 3 // 4)
        else:
            shorter = tokens // 2
        if shorter < LEAST_REPLY:
            raise PromptTooLong(
                f"{self.where}: {self.censor(refusal.message)} (model {self.model}); lower prompt_tokens, or start the "
                "model with a longer context",
                length.together,
                length.prompt,
            )
        return shorter

    def _stream_after(self, failure: RequestFailure, streamed: bool) -> bool:
        """Whether to ask for a stream once more: what cannot be read as a stream may be as one JSON text."""
        if not (streamed and self.dialect.stream):
            return self.dialect.stream  # what failed without streaming may have been too long for a relay
        self._unreadable += failure.unreadable
        return not failure.unreadable

    def _wait(self, failure: RequestFailure, patience: Patience) -> None:
        """Wait until a failure may have passed. Unavailable if it will not, or takes more patience than there is.

        An endpoint that asks for a longer wait than there is patience is asked once more at the end of that.
        """
        self._check_that_it_goes_on()
        message = f"{self.where}: {self.censor(self._explained(failure))}"
        if not failure.temporary:
            raise Unavailable(f"{message} (model {self.model})")
        pause = patience.next_pause(failure.pause)
        if failure.pause is not None:
            self._asked_until = time.monotonic() + failure.pause
            self._not_before = min(self._asked_until, time.monotonic() + patience.seconds + RECHECK)
            message += f"; it asks to wait {told(failure.pause)}" if failure.pause > WORTH_TELLING else ""
        if pause is None:
            raise Unavailable(f"{message} (model {self.model}; tried again and again for {patience.seconds:g} seconds)")
        self.say(f"· {message}; again in {told(pause)}")
        end = time.monotonic() + pause
        while (left := end - time.monotonic()) > 0:
            self._closed.wait(min(TICK, left))
            self._check_that_it_goes_on()

    def _explained(self, failure: RequestFailure) -> str:
        """A failure in words, with what a person may have to look at."""
        proxy = proxy_of(str(self.client.base_url)) if failure.unconnected else None
        if proxy:
            return f"{failure.message}, through the proxy that {proxy.variable} names: {proxy.address}"
        if failure.message.startswith(WEB_PAGE):
            return f"{failure.message}: is OPENAI_BASE_URL right? it usually ends in /v1"
        return failure.message

    def _check_that_it_goes_on(self) -> None:
        if self.interrupted():
            raise Interrupted("you stopped it while the model was asked")
        if self._closed.is_set():
            raise Unavailable(f"{self.where}: the search has ended (model {self.model})")

    def _check_that_it_may_be_asked(self) -> None:
        """Unavailable where the endpoint wants to be left alone for longer than there is patience."""
        self._check_that_it_goes_on()
        left = self._not_before - time.monotonic()
        if left > self.limits.patience:
            raise Unavailable(
                f"{self.where}: it asks to wait {told(self._asked_until - time.monotonic())} (model {self.model})"
            )


def _most_in(request: dict[str, Any]) -> int:
    return sum(at_most(message["content"]) for message in request["messages"])


def _settle(charge: Charge, completion: Completion) -> None:
    """Count the tokens as reported; by length what is not, or is none."""
    usage = completion.usage.possible(charge.tokens_in, charge.tokens_out)
    by_length = at_most(completion.text) + at_most(completion.thoughts)
    counted: Counted = "as reported" if usage.tokens_in and usage.tokens_out else "by length"
    charge.settle(usage.tokens_in or charge.tokens_in, usage.tokens_out or by_length, counted)
