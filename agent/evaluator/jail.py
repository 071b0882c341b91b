"""Where generated code runs: a child process with a clean environment, a time limit, and an end that spares nobody.

This is the one place through which every worker is started; further layers of confinement belong here.
"""

import ctypes
import faulthandler
import os
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
LOG_TAIL = 4_000  # bytes
LONGEST_LINE = 1 << 24  # bytes
LOOK_UP = 0.2  # seconds a reader waits before it looks whether there is still something to wait for
MARK, PARENT = "DELTASEARCH_CHILD", "DELTASEARCH_PARENT"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


@dataclass(frozen=True)
class Child:
    """A confined process: what is written to it, what it says, and its log of everything else."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def requests(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def replies(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def lines(self, stopped: Callable[[], bool]) -> Iterator[bytes]:
        """What the child says, line by line, until it has no more to say or `stopped`.

        A dead child says no more, even where a descendant of it still holds its end of the pipe.
        """
        rest = b""
        while not stopped():
            if select.select([self.replies], [], [], LOOK_UP)[0]:
                part = os.read(self.replies.fileno(), 1 << 16)
                if not part:
                    return
                *lines, rest = (rest + part).split(b"\n")
                yield from lines
                rest = rest if len(rest) <= LONGEST_LINE else b""
            elif self.process.poll() is not None:
                return

    def log_tail(self) -> str:
        """The end of what the child printed."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - LOG_TAIL))
            return log.read(LOG_TAIL).decode(errors="replace")

    def say_where(self) -> None:
        """Have the child write into its log where it stands; see `obey_parent`."""
        self.process.send_signal(signal.SIGUSR1)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(LOOK_UP)


@contextmanager
def confined(module: str, arguments: list[str], scratch: Path) -> Iterator[Child]:
    """Run a module of this project on untrusted code; on the way out the child and all its descendants are killed."""
    adopt_orphans()
    mark = uuid.uuid4().hex
    log = scratch / f"log-{mark}.txt"
    with log.open("wb") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log_file,
            bufsize=0,
            env=clean_environment() | {MARK: mark, PARENT: str(os.getpid())},
            cwd=scratch,
            start_new_session=True,
        )
    child = Child(process, log)
    try:
        yield child
    finally:
        kill_family(process.pid, mark)
        process.wait()
        child.requests.close()
        child.replies.close()


def clean_environment() -> dict[str, str]:
    """What a worker may know of its surroundings: no key, no home, no proxy."""
    passed_on = ("PATH", "LANG", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")
    environment = {name: os.environ[name] for name in passed_on if name in os.environ}
    return environment | {
        "PYTHONPATH": str(ROOT),
        # A thread that a library starts before the confinement would stay outside of it.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
    }


def adopt_orphans() -> None:
    """On Linux, become the parent of descendants whose own parent dies: a daemon then cannot slip away."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def obey_parent() -> None:
    """In a child: say where it stands when asked to or when it crashes, and on Linux do not outlive its parent."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != int(os.environ[PARENT]):  # it died before this process could ask to hear of it
            os.kill(os.getpid(), signal.SIGKILL)


def kill_family(root: int, mark: str) -> None:
    """Kill a child, its descendants and whatever carries its mark, and look again until none is left."""
    with suppress(ProcessLookupError, PermissionError):  # macOS forbids to kill a group of the dead
        os.killpg(root, signal.SIGKILL)
    killed = set()
    while family := _family(root, mark):
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed |= family
        time.sleep(0.005)
    for pid in killed - {root}:  # adopted by now; the caller waits for the root itself
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _family(root: int, mark: str) -> set[int]:
    """The living processes that descend from `root` or carry the mark in their environment; none without /proc."""
    parents = {}
    family = {root}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                parents[int(entry.name)] = int(parent)
                if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    family.add(int(entry.name))
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return family & parents.keys()
