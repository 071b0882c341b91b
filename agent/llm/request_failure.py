"""What went wrong with a request, whether it may pass, and whether the model had begun by then."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import openai

from agent.core.errors import kind_and_reason
from agent.core.text import clean, whole_characters
from agent.llm.completion import EndpointError
from agent.llm.transfer import BrokenReply, is_timeout

TEMPORARY = (408, 409, 425, 429)  # and all from 500 on
REFUSALS = (400, 413, 422)  # of a request as it is put
OUT_OF_CREDIT = ("insufficient_quota", "insufficient_balance", "billing_hard_limit_reached", "arrearage")
LONGEST_MESSAGE = 400
LONGEST_PAUSE = 366 * 86_400.0  # seconds; a longer wait is told as this one
# What the HTTP client behind the openai package calls it where no connection was made.
NOT_CONNECTED = (
    "ConnectError",
    "ConnectTimeout",
    "ProxyError",
    "PoolTimeout",
    "UnsupportedProtocol",
    "LocalProtocolError",
)


@dataclass(frozen=True)
class RequestFailure:
    """`begun`: tokens may have been made, and be billed. `pause`: how many seconds the endpoint asks to wait."""

    message: str
    temporary: bool
    begun: bool = False
    pause: float | None = None
    refusal: bool = False  # of this request as it is put: another way of putting it may pass
    unreadable: bool = False  # the bytes of the reply are none: without streaming they may be
    unconnected: bool = False  # no connection was made, to the endpoint or to the proxy before it


def classify(error: Exception) -> RequestFailure:
    """The failure behind what was raised by a request; of an unknown kind it may pass."""
    match error:
        case openai.APIStatusError(status_code=status):
            message = f"{status}: {endpoint_message(error.body, error.message)}"
            temporary = _is_temporary(status, error.code)
            return RequestFailure(message, temporary, pause=_pause(error.response.headers), refusal=status in REFUSALS)
        case EndpointError():
            return _in_the_body(error)
        case openai.APITimeoutError():
            return RequestFailure("it was silent for too long", temporary=True, begun=True)
        case openai.APIConnectionError():
            cause = error.__cause__ or error
            unconnected = type(cause).__name__ in NOT_CONNECTED
            message = f"the connection failed ({whole_characters(str(cause) or repr(cause))[:LONGEST_MESSAGE]})"
            return RequestFailure(message, temporary=True, begun=not unconnected, unconnected=unconnected)
        case BrokenReply():
            message = whole_characters(str(error))[:LONGEST_MESSAGE]
            return RequestFailure(message, temporary=True, begun=True, unreadable=error.unreadable)
    if _of_the_network(error):
        message = "it was silent for too long" if is_timeout(error) else f"the connection broke ({error!r})"
        return RequestFailure(message[:LONGEST_MESSAGE], temporary=True, begun=True)
    unread = isinstance(error, UnicodeError) and not isinstance(error, UnicodeEncodeError)
    if isinstance(error, ValueError) and not unread:  # such as a header that cannot be encoded
        message = f"the request cannot be made ({kind_and_reason(error)})"
        return RequestFailure(message[:LONGEST_MESSAGE], temporary=False)
    message = f"the answer cannot be read ({kind_and_reason(error)})"  # of a library, at bytes that it did not expect
    return RequestFailure(whole_characters(message)[:LONGEST_MESSAGE], temporary=True, begun=True)


def endpoint_message(body: Any, otherwise: str = "") -> str:
    """What the endpoint itself says, in its own words, and its word for the kind where the message lacks it."""
    if isinstance(body, dict):
        error = body.get("error")
        inner = error if isinstance(error, dict) else body
        names = ("message", "detail", "error", "msg", "error_msg", "error_message")
        found = next((inner[name] for name in names if inner.get(name)), None)
        body = found or str(body)
    text = clean(whole_characters(" ".join(str(body or otherwise).split())))
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + " …"


def _in_the_body(error: EndpointError) -> RequestFailure:
    """An error with status 200: what its code means is not lost with the status."""
    status = int(error.code) if error.code.isdecimal() and len(error.code) == 3 else None
    message = endpoint_message(error.body)
    message = f"{status}: {message}" if status else message
    temporary = _is_temporary(status, str(error.body.get("type"))) if status else _credit_left(error.code)
    return RequestFailure(message, temporary, begun=temporary, refusal=status in REFUSALS)


def _is_temporary(status: int, code: str | None) -> bool:
    return status >= 500 or (status in TEMPORARY and _credit_left(code))


def _credit_left(code: str | None) -> bool:
    return str(code).lower() not in OUT_OF_CREDIT


def _of_the_network(error: Exception) -> bool:
    """Whether an error comes from the connection, or from the HTTP client behind the openai package."""
    return isinstance(error, OSError) or type(error).__module__.startswith(("httpx", "httpcore"))


def _pause(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, from a number or a date; None where it is not given, has passed or means nothing."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        given = headers.get(name, "")
        try:
            seconds = float(given) * unit
        except ValueError:
            seconds = _until(given)
        if math.isfinite(seconds) and seconds > 0:
            return min(seconds, LONGEST_PAUSE)
    return None


def _until(date: str) -> float:
    """Seconds until a date in the form of an HTTP header; not a number where it is none."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, OSError):
        return math.nan
