"""Work that goes on in a thread of its own while something is trained. It writes nothing that another thread writes."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """A piece of work that has begun."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._do, args=(work,), daemon=True)
        self._thread.start()

    def _do(self, work: Callable[[], T]) -> None:
        try:
            self._results.append(work())
        except BaseException as error:  # raised again where the result is waited for
            self._error = error

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    @property
    def failed(self) -> bool:
        """Whether it ended by raising."""
        return self.done and self._error is not None

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it is done, at most so many seconds."""
        self._thread.join(seconds)

    def result(self) -> T:
        """Wait for the result; raises what went wrong."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._results[0]
