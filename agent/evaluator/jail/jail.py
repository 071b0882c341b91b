"""Generated code runs in a child process with a clean environment and a time limit; all its descendants end with it.

This is the one place through which every worker is started. agent/evaluator/jail/forkserver.py forks the children,
agent/evaluator/jail/forkserver_client.py says what surrounds all of them, and agent/evaluator/jail/confinement.py what
each gives up before it runs a variant. docs/security.md tells all of it in plain words.
"""

import fcntl
import json
import os
import select
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from agent.evaluator.jail.exchange import printable
from agent.evaluator.jail.forkserver import Wanted
from agent.evaluator.jail.forkserver_client import fork_server

LOG_TAIL = 4_000  # bytes
LOG_HEAD = 200_000  # bytes that are read on from a place
LONGEST_LINE = 1 << 24  # bytes
PIPE = 1 << 20  # bytes that a pipe between two children holds
LOOK_UP = 0.2  # seconds a reader waits before it looks whether there is still something to wait for


@dataclass(frozen=True)
class Ending:
    """How a child ended: its exit code, negative for a signal, and the limit for which it was killed, if for one."""

    code: int
    excess: str | None = None


@dataclass(frozen=True)
class Child:
    """A confined process: what is written to it, what it says, and its log of everything else.

    The log is opened before the child is forked, because the child could put another file in its place.
    """

    key: str
    requests: IO[bytes]
    replies: IO[bytes]
    status: IO[bytes]
    log: IO[bytes]

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

    def log_size(self) -> int:
        """How many bytes the child has printed."""
        return os.fstat(self.log.fileno()).st_size

    def log_tail(self) -> str:
        """The end of what the child printed."""
        return self.log_until(self.log_size())

    def log_until(self, end: int) -> str:
        """What the child had printed when its log had so many bytes, or the end of that."""
        tail = os.pread(self.log.fileno(), min(end, LOG_TAIL), max(0, end - LOG_TAIL))
        return printable(tail.decode(errors="replace"), LOG_TAIL)

    def log_from(self, start: int) -> str:
        """What the child has printed since its log had so many bytes, or the beginning of that."""
        return printable(os.pread(self.log.fileno(), LOG_HEAD, start).decode(errors="replace"), LOG_HEAD)

    def say_where(self) -> None:
        """Have the child write into its log where it stands."""
        fork_server.tell({"where": self.key})
        select.select([self.status], [], [], LOOK_UP)


def scratch() -> AbstractContextManager[Path]:
    """A folder in which a child may write, for as long as it is needed."""
    return fork_server.scratch()


@contextmanager
def confined(module: str, arguments: list[str], folder: Path, gpu: str | None = None) -> Iterator[Child]:
    """Run a module's `main` on untrusted code; on the way out the child and all its descendants are killed.

    `folder` is one of `scratch`: no other can be written. `gpu` is the one that the child uses, as CUDA_VISIBLE_DEVICES
    names it, and whose memory is watched.
    """
    (their_requests, requests), (replies, their_replies) = os.pipe(), os.pipe()
    with (
        os.fdopen(requests, "wb", buffering=0) as write_requests,
        os.fdopen(replies, "rb", buffering=0) as read_replies,
        _forked(
            Wanted(module, arguments, str(folder), gpu), (their_requests, their_replies), (write_requests, read_replies)
        ) as child,
    ):
        yield child


@contextmanager
def confined_pair(
    asking: str, its_folder: Path, answering: str, other_folder: Path, gpu: str | None = None
) -> Iterator[tuple[Child, Child]]:
    """Run two modules' `main`, each in a folder of its own, so that the second reads what the first writes and back."""
    (their_requests, requests), (replies, their_replies) = os.pipe(), os.pipe()
    for pipe in (requests, their_replies):
        with suppress(OSError, AttributeError):  # larger than it is by default, where the system lets one choose
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)
    with (
        (its_folder / "none").open("xb+") as nothing,
        _forked(
            Wanted(answering, [str(other_folder)], str(other_folder), gpu),
            (their_requests, their_replies),
            (nothing, nothing),
        ) as other,
        _forked(
            Wanted(asking, [str(its_folder)], str(its_folder), gpu), (replies, requests), (nothing, nothing)
        ) as one,
    ):
        yield one, other


@contextmanager
def _forked(wanted: Wanted, theirs: tuple[int, int], ours: tuple[IO[bytes], IO[bytes]]) -> Iterator[Child]:
    """A child with two pipes, to read and to write, which are closed here; `ours` are their other ends."""
    key, folder = uuid.uuid4().hex, Path(wanted.folder)
    status, their_status = os.pipe()
    with (folder / f"log-{key}.txt").open("xb+") as log, os.fdopen(status, "rb", buffering=0) as read_status:
        fork_server.give(folder)
        fork_server.tell({"fork": key, "wanted": asdict(wanted)}, [*theirs, log.fileno(), their_status])
        for pipe in (*theirs, their_status):
            os.close(pipe)
        try:
            yield Child(key, *ours, read_status, log)
        finally:
            fork_server.tell({"end": key})
            select.select([read_status], [], [])  # it is dead now
