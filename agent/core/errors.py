"""The errors that a person can do something about: each says what is wrong and ends the program with its exit code."""

ENDED, FAILED, USAGE, UNAVAILABLE, TOO_MANY_FAILURES, INTERRUPTED = 0, 1, 2, 3, 4, 130


class DeltaSearchError(Exception):
    """Shown as one line, without a traceback."""

    exit_code = FAILED
    detail = ""


class UsageError(DeltaSearchError):
    """What was asked for cannot be done as asked."""

    exit_code = USAGE


class Unavailable(DeltaSearchError):
    """This machine lacks what was asked for."""

    exit_code = UNAVAILABLE


def reason_of(error: BaseException) -> str:
    """The first line of what an error says; the error itself where it says nothing."""
    return (str(error).strip() or repr(error)).splitlines()[0]


def kind_and_reason(error: BaseException) -> str:
    """The same behind the kind of the error, for what was not raised by this program."""
    return f"{type(error).__name__}: {reason_of(error)}"
