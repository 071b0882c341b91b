"""Who may search in a workspace and who may write there: one at a time, also across processes.

A lock dies with its process, so that a kill holds up nobody.
"""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from agent.store.files import WorkspaceError, reading, write_atomically, writing

SEARCH_LOCK, HOLDER, WRITE_LOCK = "runs/.search.lock", "runs/.search.json", "runs/.write.lock"
LOCK_SECONDS = 60.0  # a write takes milliseconds
GLANCE_SECONDS = 1.0  # asking whether a search is running takes its lock for a moment


class SearchIsRunning(WorkspaceError):
    """Another process is searching in this workspace."""


class Locks:
    """The two locks of the workspace in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Be the one search of this workspace; SearchIsRunning, naming the other, if there is one."""
        held = SearchIsRunning(f"{self.root}: {self._holder()} is searching here; wait for it, or stop it")
        with self._lock(SEARCH_LOCK, GLANCE_SECONDS, held):
            facts = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
            write_atomically(self.root / HOLDER, json.dumps(facts) + "\n")
            yield

    def searcher(self) -> str | None:
        """The process that is searching here just now; None if none is."""
        path = self.root / SEARCH_LOCK
        if not path.exists():
            return None
        with reading(path), path.open("rb") as lock:  # asking needs no right to write
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return self._holder()
        return None

    def writing(self) -> AbstractContextManager[None]:
        """Be the one writer. You must not enter again while you hold it."""
        held = WorkspaceError(f"{self.root}: another process has been writing here for a minute")
        return self._lock(WRITE_LOCK, LOCK_SECONDS, held)

    def _holder(self) -> str:
        try:
            facts = json.loads((self.root / HOLDER).read_text())
            since = time.strftime("%H:%M", time.localtime(facts["since"]))
            return f"process {facts['pid']} on {facts['host']}, since {since},"
        except (OSError, ValueError, KeyError):
            return "another process"

    @contextmanager
    def _lock(self, name: str, seconds: float, held: WorkspaceError) -> Iterator[None]:
        """Hold a lock; raises `held` if that takes longer than this."""
        path = self.root / name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock = FileLock(path).acquire(timeout=seconds)
            except Timeout:
                raise held from None
        with lock:
            yield
