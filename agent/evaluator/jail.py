"""Where generated code runs: a child process with a clean environment, a time limit, and an end that spares nobody.

This is the one place through which every worker is started. The children are borne by agent/evaluator/forkserver.py,
behind agent/evaluator/wall.py; what they give up before they run a variant is in agent/evaluator/confinement.py.
"""

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from agent.evaluator.wall import wall

ROOT = Path(__file__).parents[2]
LOG_TAIL = 4_000  # bytes
LONGEST_LINE = 1 << 24  # bytes
LOOK_UP = 0.2  # seconds a reader waits before it looks whether there is still something to wait for


@dataclass(frozen=True)
class Ending:
    """How a child ended: its exit code, negative for a signal, and the limit for which it was killed, if for one."""

    code: int
    excess: str | None = None


@dataclass(frozen=True)
class Child:
    """A confined process: what is written to it, what it says, and its log of everything else."""

    key: str
    requests: IO[bytes]
    replies: IO[bytes]
    status: IO[bytes]
    log: Path

    def lines(self, stopped: Callable[[], bool]) -> Iterator[bytes]:
        """What the child says, line by line, until it has no more to say or `stopped`.

        A dead child says no more, even where a descendant of it still holds its end of the pipe.
        """
        rest = b""
        while not stopped():
            ready = select.select([self.replies, self.status], [], [], LOOK_UP)[0]
            if self.replies in ready:
                part = os.read(self.replies.fileno(), 1 << 16)
                if not part:
                    return
                *lines, rest = (rest + part).split(b"\n")
                yield from lines
                rest = rest if len(rest) <= LONGEST_LINE else b""
            elif ready:
                return

    def ending(self, seconds: float) -> Ending | None:
        """How the child ended; None if it lives on for so many seconds."""
        if not select.select([self.status], [], [], seconds)[0]:
            return None
        try:
            facts = json.loads(self.status.read())
        except ValueError:  # its parent died, and took it along
            return Ending(-9)
        return Ending(facts["code"], facts["excess"])

    def log_tail(self) -> str:
        """The end of what the child printed."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - LOG_TAIL))
            return log.read(LOG_TAIL).decode(errors="replace")

    def say_where(self) -> None:
        """Have the child write into its log where it stands."""
        _nursery.tell({"where": self.key})
        select.select([self.status], [], [], LOOK_UP)


@contextmanager
def confined(module: str, arguments: list[str], folder: Path) -> Iterator[Child]:
    """Run a module's `main` on untrusted code; on the way out the child and all its descendants are killed."""
    key = uuid.uuid4().hex
    log = folder / f"log-{key}.txt"
    (their_requests, requests), (replies, their_replies), (status, their_status) = os.pipe(), os.pipe(), os.pipe()
    with log.open("wb") as log_file:
        theirs = [their_requests, their_replies, log_file.fileno(), their_status]
        message = {"bear": key, "module": module, "arguments": arguments, "folder": str(folder)}
        _nursery.tell(message, theirs)
    for pipe in (their_requests, their_replies, their_status):
        os.close(pipe)
    with (
        os.fdopen(requests, "wb", buffering=0) as write_requests,
        os.fdopen(replies, "rb", buffering=0) as read_replies,
        os.fdopen(status, "rb", buffering=0) as read_status,
    ):
        try:
            yield Child(key, write_requests, read_replies, read_status, log)
        finally:
            _nursery.tell({"end": key})
            select.select([read_status], [], [])  # it is dead now


class Nursery:
    """The fork server as this process sees it: started when it is first needed, and again should it have died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def tell(self, message: dict[str, Any], pipes: list[int] | None = None) -> None:
        """Send a message, with the pipes of a child that is to be borne."""
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            assert self._control is not None
            with suppress(BrokenPipeError):  # it died just now, and whoever waits for a child hears of it
                socket.send_fds(self._control, [line], pipes or [])

    def close(self) -> None:
        """End it, and with it all children."""
        with self._lock:
            if self._control is not None and self._process is not None:
                self._control.close()
                self._process.wait()
            self._control = self._process = None

    def _start(self) -> None:
        if self._control is not None:
            self._control.close()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._process = subprocess.Popen(
                [*wall().command, sys.executable, "-m", "agent.evaluator.forkserver", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=clean_environment(),
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for this program, which then ends its children in order
            )


_nursery = Nursery()
atexit.register(_nursery.close)


def clean_environment() -> dict[str, str]:
    """What a worker may know of its surroundings: no key, no home, no proxy."""
    passed_on = ("PATH", "LANG", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")
    environment = {name: os.environ[name] for name in passed_on if name in os.environ}
    scratch = tempfile.gettempdir()  # behind the wall the one folder that can be written
    return environment | {
        "PYTHONPATH": str(ROOT),
        "TMPDIR": scratch,
        "TORCHINDUCTOR_CACHE_DIR": scratch,  # importing it makes a folder, unless there is one
        # A thread that a library starts before the confinement would stay outside of it.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
    }
