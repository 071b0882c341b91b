"""That a variant could not be scored, and how what a worker says is doubted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from safetensors import SafetensorError

from agent.core.errors import FAILED, USAGE, DeltaSearchError
from agent.core.score import Failure


class EvaluationFailed(DeltaSearchError):
    """A variant could not be scored."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.kind}: {failure.reason}")
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
        raise EvaluationFailed(Failure("crash", f"the worker's account is garbled: {error!r}")) from error
