"""One request to an endpoint and what comes of it: a completion, put together from whatever form it arrives in."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from openai import OpenAI

from agent.core.text import clean, whole_characters
from agent.llm.content import Content, content_of
from agent.llm.events import SHOWN, Done, Words, read_events
from agent.llm.transfer import BrokenReply, Transfer

LONGEST_BODY = 16_000_000  # bytes of a reply; more where so long a reply is asked for
BYTES = 64  # of a body for each token that is asked for
LONGEST_WORD = 100  # characters of what ended a reply
AFTER_THE_END = 5.0  # seconds that the counts of tokens may take once the reply has ended
MARGIN, ADDED = 2, 20_000  # times as many tokens as are known, and so many more, that a count may be
SNAPSHOTS = 3  # pieces from which on it can be told that each repeats the one before
WORDS = ("message", "detail", "msg", "error_msg", "error_message")  # where servers say what is wrong
REPEATED = 20  # characters that a message does not begin with by chance

Ending = Literal["stop", "length", "filter", "tool call"]
# What endpoints call the end of a reply, besides "stop" and its like.
ENDINGS: dict[str, Ending] = {
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_length", "token_limit"), "length"),
    **dict.fromkeys(
        ("content_filter", "safety", "recitation", "sensitive", "prohibited_content", "blocklist", "refusal"), "filter"
    ),
    **dict.fromkeys(("tool_calls", "tool_call", "function_call", "tool_use"), "tool call"),
}  # fmt: skip
BROKEN = ("error", "abort", "aborted", "cancelled", "canceled", "network_error", "insufficient_system_resource")


class EndpointError(Exception):
    """The endpoint says in a body of status 200, or in the middle of a stream, what is wrong."""

    def __init__(self, body: dict[str, Any]) -> None:
        error = body.get("error") or body
        self.body = error if isinstance(error, dict) else {"message": error}
        codes = [each.get(name) for each in (self.body, body) for name in ("code", "status", "status_code")]
        self.code = next((str(code) for code in codes if code), "")
        super().__init__(str(self.body))


@dataclass(frozen=True)
class Limits:
    """How long an endpoint may be silent, how long one reply may take, and for how long failures are waited out."""

    stall: float  # seconds
    call: float
    patience: float


@dataclass(frozen=True)
class Usage:
    """The tokens that an endpoint reports; 0 where it says nothing that can be true."""

    tokens_in: int = 0
    tokens_out: int = 0

    def possible(self, most_in: int, most_out: int) -> "Usage":
        """The counts, and 0 for one far above what can have been sent or was asked for.

        A server may put words of its own before a prompt, and count what a model thinks besides its reply.
        """
        into = self.tokens_in if self.tokens_in <= MARGIN * most_in + ADDED else 0
        out = self.tokens_out if self.tokens_out <= MARGIN * most_out + ADDED else 0
        return Usage(into, out)


@dataclass
class Completion:
    """A reply so far. `finish` is the endpoint's own word for why it ended, "" where it has not."""

    finish: str = ""
    usage: Usage = Usage()
    tools: list[str] = field(default_factory=list)  # names of the tools that the model wants to call
    words: str = ""  # plain text between the events
    changed: float = field(default_factory=time.monotonic)  # when anything of the reply itself came last
    _text: list[str] = field(default_factory=list)
    _thoughts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return whole_characters(_joined(self._text))

    @property
    def thoughts(self) -> str:
        return whole_characters(_joined(self._thoughts))

    @property
    def ending(self) -> Ending:
        if self.tools and not self.text.strip():
            return "tool call"
        return ENDINGS.get(self.finish.lower(), "stop")

    def add(self, value: Any) -> None:
        """Take in a chunk of a stream, or a whole completion. Raises EndpointError and BrokenReply."""
        match value:
            case dict():
                self._add_chunk(_unwrapped(value))
            case [*chunks] if all(isinstance(chunk, dict) for chunk in chunks):
                for chunk in chunks:
                    self.add(chunk)
            case Done():
                self.finish = self.finish or "stop"
            case Words(text):
                self.words = text
            case list():
                raise BrokenReply(f"an event is no part of a reply: {str(value)[:SHOWN]}", unreadable=True)

    def _add_chunk(self, chunk: dict[str, Any]) -> None:
        choices = chunk.get("choices")
        if isinstance(choices, dict):
            choices = [choices]
        if chunk.get("error") or (choices is None and _is_error(chunk)):
            raise EndpointError(chunk)
        if choices is None and isinstance(chunk.get("message"), dict):  # as Ollama's own protocol has it
            choices = [{"message": chunk["message"], "finish_reason": chunk.get("done_reason")}]
        if choices is None:
            self.words = next((str(chunk[name]) for name in WORDS if chunk.get(name)), self.words)
        if not isinstance(choices, list | None):
            raise BrokenReply(f"the choices of an event are {str(choices)[:SHOWN]}", unreadable=True)
        choice = choices[0] if choices else None
        if not isinstance(choice, dict | None):
            raise BrokenReply(f"a choice of an event is {str(choice)[:SHOWN]}", unreadable=True)
        self._count(chunk.get("usage") or (choice or {}).get("usage"))
        if choice and choice.get("index") in (0, None, "0"):
            self._add_choice(choice)

    def _add_choice(self, choice: dict[str, Any]) -> None:
        for content in (content_of(choice.get("delta")), content_of(choice.get("message"), whole=True)):
            self._take(content)
        if isinstance(choice.get("text"), str) and not choice.get("delta"):
            self._take(Content(choice["text"]))
        finish = choice.get("finish_reason")
        finish = finish.get("type") if isinstance(finish, dict) else finish
        self.finish = clean(whole_characters(str(finish)))[:LONGEST_WORD] if finish else self.finish
        if self.finish.lower() in BROKEN:
            raise BrokenReply(f"the endpoint ended the reply with {self.finish!r}")

    def _take(self, content: Content) -> None:
        if content.whole and len(said := "".join(self._text)) >= REPEATED and content.text.startswith(said):
            self._text = [content.text]  # the last event has all of it once more
            return
        self._text += [content.text] if content.text else []
        self._thoughts += [content.thoughts] if content.thoughts else []
        self.tools += content.tools
        if content.text or content.thoughts or content.tools:
            self.changed = time.monotonic()

    def _count(self, usage: Any) -> None:
        """Take in a count of tokens. They grow along a stream, so that the largest is the last."""
        if isinstance(usage, dict):
            tokens_in = _tokens(usage, "prompt_tokens", "input_tokens")
            tokens_out = _tokens(usage, "completion_tokens", "output_tokens")
            self.usage = Usage(max(self.usage.tokens_in, tokens_in), max(self.usage.tokens_out, tokens_out))


def receive(
    client: OpenAI, request: dict[str, Any], limits: Limits, check: Callable[[float], None], completion: Completion
) -> None:
    """Send a request and read the reply to its end, into a completion that others may look at meanwhile.

    `check` is called many times a second with the seconds since anything of the reply came; it raises to stop waiting.
    Raises BrokenReply, EndpointError, and what the openai package raises.
    """
    began = time.monotonic()

    def go_on() -> None:
        now = time.monotonic()
        check(now - completion.changed)
        if now - began > limits.call:
            raise BrokenReply("the reply took longer than call_seconds")
        if completion.finish and now - completion.changed > AFTER_THE_END:
            raise BrokenReply("nothing more came after the end of the reply")

    send = client.with_streaming_response.chat.completions.create
    most = max(LONGEST_BODY, BYTES * max(request.get(name) or 0 for name in ("max_tokens", "max_completion_tokens")))
    transfer = Transfer(send, request, limits.stall if request["stream"] else limits.call, most)
    try:
        for value in read_events(transfer.pieces(go_on)):
            completion.add(value)
            if isinstance(value, Done):
                break
    except (BrokenReply, EndpointError):
        if not (completion.finish and completion.text.strip()) or completion.finish.lower() in BROKEN:
            raise  # what goes wrong after the end of a reply takes nothing from it
    _end(completion, request["stream"])


def _end(completion: Completion, streamed: bool) -> None:
    """See that a completion has come to its end. BrokenReply where it has not, or where there is nothing of it."""
    something = completion.text or completion.thoughts or completion.tools
    if not completion.finish and something and not streamed:
        completion.finish = "stop"  # a JSON text is whole, whether it says so or not
    if not completion.finish:
        words = f": {' '.join(completion.words.split())[:SHOWN]!r}" if completion.words else ""
        broken = f"the reply broke off{words}" if something else f"the answer holds no reply{words}"
        raise BrokenReply(broken, unreadable=True)  # some say in a stream alone nothing of its end


def _unwrapped(value: dict[str, Any]) -> dict[str, Any]:
    """A completion out of the envelope that some gateways put around it."""
    inner = [value.get(name) for name in ("data", "result", "response", "output", "body")]
    wrapped = [each for each in inner if isinstance(each, dict) and "choices" in each]
    return wrapped[0] if wrapped and "choices" not in value else value


def _is_error(chunk: dict[str, Any]) -> bool:
    """Whether an object without choices says what is wrong, as servers do that have no `error` around it."""
    kinds = f"{chunk.get('object', '')} {chunk.get('type', '')} {chunk.get('status', '')}".lower()
    code = chunk.get("code") or chunk.get("status") or chunk.get("status_code") or chunk.get("error_code")
    coded = (isinstance(code, int) and code >= 400) or (isinstance(code, str) and not code.isalpha())
    return any(chunk.get(name) for name in WORDS) and ("error" in kinds or coded)


def _joined(pieces: list[str]) -> str:
    """The pieces of a text one after the other; the last, where each repeats the one before and goes on."""
    if len(pieces) >= SNAPSHOTS and all(len(a) < len(b) and b.startswith(a) for a, b in pairwise(pieces)):
        return pieces[-1]
    return "".join(pieces)


def _tokens(usage: dict[str, Any], *names: str) -> int:
    """A count of tokens; 0 where it is none."""
    for name in names:
        value = usage.get(name)
        if isinstance(value, str) and value.isdecimal():
            value = int(value[:18])
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e12:
            return int(value)
    return 0
