"""The error of a variant that could not be scored, and the checks on what a worker says of it."""

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from safetensors import SafetensorError

from agent.core.errors import FAILED, USAGE, DeltaSearchError, kind_and_reason
from agent.core.failure import Failure
from agent.core.reason import SAID, Field, Reason, fields_of
from agent.core.text import say
from agent.evaluator.jail.exchange import printable

LONGEST_WORDS = 500  # characters of a field that a worker fills in
LARGEST_NUMBER = 10**15


class EvaluationFailed(DeltaSearchError):
    """A variant could not be scored."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure
        refused = failure.kind in ("refused", "wrong shape")
        self.exit_code = USAGE if refused else FAILED
        self.detail = "" if refused else failure.log_tail

    def __reduce__(self) -> tuple[Any, ...]:
        """How it travels from one process to another."""
        return EvaluationFailed, (self.failure,)


@contextmanager
def doubting() -> Iterator[None]:
    """Read a worker's account. It runs a variant's code, so it may say anything, and nonsense is its failure."""
    try:
        yield
    except (KeyError, TypeError, ValueError, OverflowError, OSError, SafetensorError) as error:
        raise EvaluationFailed(Failure("crash", Reason("failure.garbled", {"error": _brief(repr(error))}))) from error


@contextmanager
def contained() -> Iterator[None]:
    """Make whatever goes wrong here the failure of the variant that is looked at, so that it ends nothing else.

    Errors of this program's own say what they are, and a full disk is no variant's doing: both are raised as they are.
    """
    try:
        yield
    except DeltaSearchError:
        raise
    except Exception as error:  # the boundary between a variant and the search: no list of errors would be complete
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        reason = Reason("failure.unforeseen", {"error": _brief(kind_and_reason(error))})
        raise EvaluationFailed(Failure("crash", reason, traceback.format_exc())) from error


def read_reason(said: object) -> Reason:
    """The reason that a worker gives: a known key with exactly the fields of its sentence, printable and bounded.

    Anything else is no reason of ours: text is taken as what somebody said, the rest as garbled.
    """
    match said:
        case str():
            return Reason.said(_brief(said))
        case {"key": str() as key, "fields": dict() as fields} if _known(key, fields):
            return Reason(key, {name: _brief(each) if isinstance(each, str) else each for name, each in fields.items()})
    return Reason("failure.garbled", {"error": _brief(repr(said))})


def _known(key: str, fields: dict[str, Field]) -> bool:
    """Whether the tables have a sentence of a failure with this key, for just these fields, which are of its kind."""
    if key != SAID and not key.startswith("failure."):
        return False
    try:
        if fields.keys() != fields_of(key) or not all(map(_plain, fields.values())):
            return False
        say(key, **fields)  # a format such as {size:,} takes no words
    except (KeyError, ValueError):
        return False
    return True


def _plain(value: object) -> bool:
    """Whether a field is a string or a number of a bounded size; true and false are none."""
    if isinstance(value, bool):
        return False
    return isinstance(value, str) or (isinstance(value, int | float) and abs(value) <= LARGEST_NUMBER)


def _brief(words: str) -> str:
    return printable(words, LONGEST_WORDS)
