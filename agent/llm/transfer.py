"""One request, made in a thread of its own, so that the one who waits for the reply can stop waiting at any time."""

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

from openai import Timeout

SECONDS_TO_CONNECT = 15.0
TICK = 0.1  # seconds between two looks at whether to go on waiting


class BrokenReply(Exception):
    """The reply cannot be used. The message says why; `unreadable`: its bytes came, and are no reply."""

    def __init__(self, message: str, unreadable: bool = False) -> None:
        super().__init__(message)
        self.unreadable = unreadable


class Silent(BrokenReply):
    """Nothing came for too long."""


class Transfer:
    """A request that has been sent, and the bytes that come back.

    Closing a connection does not wake up the thread that reads from it. So that thread is left to itself where nobody
    waits for it any more: it ends at the next byte, at its timeout, or with the program.
    """

    def __init__(self, send: Callable[..., Any], request: dict[str, Any], silence: float, most: int) -> None:
        """`send` is a streaming method of the openai package. `silence` is how many seconds may pass without a byte.

        `most` is how many bytes the body may have; that of an error is cut before (agent/llm/client.py).
        """
        self._send, self._request, self._most = send, request, most
        self._timeout = Timeout(silence, connect=min(SECONDS_TO_CONNECT, silence))
        self._arrived: SimpleQueue[bytes | BaseException | None] = SimpleQueue()
        self._abandoned = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def pieces(self, check: Callable[[], None]) -> Iterator[bytes]:
        """The bytes as they come. `check` is called many times a second, and raises to stop waiting.

        Raises BrokenReply, and what the openai package raises where there is no reply at all.
        """
        try:
            while True:
                check()
                try:
                    arrived = self._arrived.get(timeout=TICK)
                except Empty:
                    continue
                if arrived is None:
                    return
                if isinstance(arrived, BaseException):
                    raise arrived
                yield arrived
        finally:
            self._abandoned.set()

    def _run(self) -> None:
        try:
            with self._send(**self._request, timeout=self._timeout) as response:
                self._read(response.iter_bytes())
            self._arrived.put(None)
        except BaseException as error:  # raised again in the thread that waits
            self._arrived.put(error)

    def _read(self, pieces: Iterator[bytes]) -> None:
        left = self._most
        try:
            for piece in pieces:
                if self._abandoned.is_set():
                    return
                left -= len(piece)
                if left < 0:
                    raise BrokenReply(f"its body is longer than {self._most:,} bytes", unreadable=True)
                self._arrived.put(piece)
        except BrokenReply:
            raise
        except Exception as error:  # of the HTTP client behind the openai package, which does not wrap these
            if is_timeout(error):
                raise Silent("it was silent for too long") from error
            raise BrokenReply(f"the connection broke ({error!r})") from error


def is_timeout(error: BaseException) -> bool:
    """Whether an error of the HTTP client says that time ran out."""
    return isinstance(error, TimeoutError) or any("Timeout" in kind.__name__ for kind in type(error).__mro__)
