"""One request to an endpoint and all that is heard of the reply, as a stream that may not stall."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
from openai import OpenAI
from openai.types import CompletionUsage

SECONDS_TO_CONNECT = 15.0


class BrokenReply(Exception):
    """The reply ended before its end. The message says how."""


@dataclass(frozen=True)
class Limits:
    """How long an endpoint may be silent, how long one reply may take, and for how long troubles are waited out."""

    stall: float  # seconds
    call: float
    patience: float


@dataclass
class Completion:
    """A reply so far: what is said, what is thought aloud before, why it ended ("" where it has not) and its tokens."""

    text: str = ""
    thoughts: str = ""
    finish: str = ""
    usage: CompletionUsage | None = None

    def add(self, part: Any) -> None:
        """Take in a chunk of a stream, or a whole completion."""
        self.usage = part.usage or self.usage
        for choice in (part.choices or [])[:1]:
            said = choice.delta if hasattr(choice, "delta") else choice.message
            self.text += said.content or getattr(said, "refusal", None) or ""
            self.thoughts += getattr(said, "reasoning_content", None) or getattr(said, "reasoning", None) or ""
            self.finish = choice.finish_reason or self.finish


def receive(client: OpenAI, request: dict[str, Any], limits: Limits, stopped: Callable[[], bool]) -> Completion:
    """Send a request and hear the reply to its end. Raises BrokenReply, and what the openai package raises."""
    heard = Completion()
    timeout = httpx2.Timeout(limits.stall if request["stream"] else limits.call, connect=SECONDS_TO_CONNECT)
    late = time.monotonic() + limits.call
    answer = client.chat.completions.create(**request, timeout=timeout)
    if request["stream"]:
        _listen(answer, heard, late, stopped)
    elif hasattr(answer, "choices"):
        heard.add(answer)
    else:
        raise BrokenReply(f"the answer is no completion: {str(answer)[:200]!r}")
    heard.text, heard.thoughts = whole_characters(heard.text), whole_characters(heard.thoughts)
    if not heard.finish:
        raise BrokenReply("the reply broke off" if heard.text else "the answer holds no reply")
    return heard


def whole_characters(text: str) -> str:
    """A text that can be written down: halves of a character, as JSON may hold them, are joined or replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _listen(stream: Any, heard: Completion, late: float, stopped: Callable[[], bool]) -> None:
    """Take in a stream. A server that only sends signs of life is cut off by the clock from outside."""
    clock = threading.Timer(max(0.0, late - time.monotonic()), stream.close)
    clock.daemon = True
    clock.start()
    try:
        for chunk in stream:
            heard.add(chunk)
            if stopped() or time.monotonic() > late:
                break
    except ValueError as error:  # JSON that is none
        raise BrokenReply(f"the answer cannot be read ({error})") from error
    except httpx2.HTTPError as error:
        raise BrokenReply(f"the connection broke ({error!r})") from error
    finally:
        clock.cancel()
        stream.close()
    if time.monotonic() > late and not heard.finish:
        raise BrokenReply("the reply took longer than call_seconds")
