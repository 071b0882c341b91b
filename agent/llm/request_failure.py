"""What went wrong at an endpoint, whether it may pass, and whether the model had begun by then."""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2
import openai

from agent.llm.completion import BrokenReply, whole_characters

PASSING = (408, 409, 425, 429)  # and all from 500 on
LONGEST_MESSAGE = 400


@dataclass(frozen=True)
class RequestFailure:
    """`pause` is how many seconds the endpoint asks to wait; `begun`: tokens may have been made, and be billed."""

    message: str
    passing: bool
    begun: bool = False
    pause: float | None = None
    refusal: bool = False  # of this request as it is put: another way of putting it may pass


def classify(error: Exception) -> RequestFailure:
    """The trouble behind an error of the openai package or BrokenReply. Any other error is raised again."""
    match error:
        case openai.APIStatusError(status_code=status):
            message = f"{status}: {endpoint_message(error)}"
            passing = status >= 500 or (status in PASSING and error.code != "insufficient_quota")
            return RequestFailure(message, passing, pause=_pause(error.response.headers), refusal=status in (400, 422))
        case openai.APITimeoutError():
            return RequestFailure("it was silent for too long", passing=True, begun=True)
        case openai.APIConnectionError():
            reached = not isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout)
            return RequestFailure(f"the connection failed ({error.__cause__ or error})", passing=True, begun=reached)
        case openai.APIError():  # told in the middle of a stream
            return RequestFailure(endpoint_message(error), passing=True, begun=True)
        case BrokenReply() | ValueError():
            return RequestFailure(whole_characters(str(error))[:LONGEST_MESSAGE], passing=True, begun=True)
    raise error


def endpoint_message(error: openai.APIError) -> str:
    """What the endpoint itself says, in its own words."""
    body = error.body
    if isinstance(body, dict):
        found = next((body[key] for key in ("message", "detail", "error") if body.get(key)), None)
        body = found or str(body)
    text = whole_characters(" ".join(str(body or error.message).split()))
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + " …"


def _pause(headers: httpx2.Headers) -> float | None:
    """Retry-After, as seconds or as a date; None where it is not given or means nothing."""
    given = headers.get("retry-after", "")
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - time.time())
    except ValueError:
        return None
