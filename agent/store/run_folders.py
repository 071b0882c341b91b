"""Reads the run folders of a workspace, and remembers what it has read: a search asks many times in each decision.

What this program writes is known at once, to other processes too: each write leaves a mark (runs/.writes, whose size
counts them). What else changes a file, such as a person's editor, is found by a look at every folder. Of many folders
that look costs at most a fiftieth of the time: it is taken again after fifty times as long as the last one took.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.core.run import Run
from agent.core.score import Confirmation, Verification
from agent.store import folder
from agent.store.files import WorkspaceError, reading

WRITES = ".writes"
RUN_ID = re.compile(r"\d{8}_\d{6}(_\d+)?")
MANY = 200  # folders, a look at which takes a millisecond: fewer are looked at each time
RARELY = 50  # times as long as a look at many takes are between two

BESIDE = (folder.CONFIRMATION, folder.VERIFICATION)

Stamp = tuple[int, int, int]  # of a file: when it was changed, its size, and which it is


@dataclass(frozen=True)
class ReadRun:
    """A run as its folder has it, its scores on fresh seeds, what it showed beyond its row, and the files of these."""

    run: Run
    confirmation: Confirmation | None
    verified: Verification | None
    stamps: tuple[Stamp | None, ...]  # of run.json, and of those BESIDE it that are there


class RunFolders:
    """The run folders of a folder `runs/`; `damaged` says why some cannot be read, and `tell` is told of each once."""

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self.path, self.tell = path, tell
        self.damaged: dict[str, WorkspaceError] = {}
        self._known: dict[str, ReadRun] = {}
        self._entries: frozenset[str] = frozenset()
        self._names: tuple[str, ...] = ()
        self._all: tuple[ReadRun, ...] | None = None
        self._writes = -1
        self._next_look = 0.0
        self._lock = threading.RLock()  # drafts are made in threads, which read while the search writes

    def all(self) -> tuple[ReadRun, ...]:
        """Every run that can be read, in the order of their proposal; the same tuple as long as nothing has changed."""
        with self._lock:
            began = time.monotonic()
            if self._all is None or began >= self._next_look or self._writes != self.writes():
                self._writes = self.writes()
                found = tuple(self._readable())
                if self._all is None or found != self._all:
                    self._all = found
                took = time.monotonic() - began
                self._next_look = began + (RARELY * took if len(found) > MANY else 0.0)
            return self._all

    def read(self, name: str) -> ReadRun:
        """One run as it is on the disk just now; WorkspaceError, naming the file and why, where it cannot be read."""
        path = self.path / name
        with reading(path / folder.RUN):
            stamps = (
                stamp_of(f"{self.path}/{name}/{folder.RUN}"),
                *(_stamp(f"{self.path}/{name}/{of}") for of in BESIDE),
            )
        known = self._known.get(name)
        if known is None or known.stamps != stamps:
            run = known.run if known is not None and known.stamps[0] == stamps[0] else folder.load(path)
            confirmation = folder.load_confirmation(path) if stamps[1] else None
            verified = folder.load_verification(path) if stamps[2] else None
            known = self._known[name] = ReadRun(run, confirmation, verified, stamps)
        return known

    def names(self) -> tuple[str, ...]:
        """Of every run's folder, in the order of their proposal."""
        with reading(self.path):
            entries = frozenset(os.listdir(self.path)) if self.path.exists() else frozenset()
        if entries != self._entries:
            self._entries = entries
            self._names = tuple(sorted(filter(RUN_ID.fullmatch, entries), key=order_of))
        return self._names

    def wrote(self, name: str) -> None:
        """Tell every reader that a run was written, by the one who may write just now."""
        with self._lock:
            alone = self._writes == self.writes()
            with suppress(OSError), (self.path / WRITES).open("ab") as marks:  # a full disk: others see it a bit later
                marks.write(b".")
            if alone and self._all is not None:
                self._writes = self.writes()
                self._put(self.read(name))

    def writes(self) -> int:
        """How many writes there were."""
        try:
            return os.stat(f"{self.path}/{WRITES}").st_size
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def _put(self, written: ReadRun) -> None:
        """Take up a run that this process wrote, as nothing else has changed."""
        runs = self._all or ()
        place = next((place for place in range(len(runs) - 1, -1, -1) if runs[place].run.id == written.run.id), None)
        if place is not None:
            self._all = (*runs[:place], written, *runs[place + 1 :])
        elif not runs or order_of(runs[-1].run.id) < order_of(written.run.id):
            self._all = (*runs, written)
        else:
            self._next_look = 0.0

    def _readable(self) -> Iterator[ReadRun]:
        for name in self.names():
            try:
                found = self.read(name)
            except WorkspaceError as error:
                if str(error) != str(self.damaged.get(name)):
                    self.tell(f"left out: {error}")
                self.damaged[name] = error
            else:
                self.damaged.pop(name, None)
                yield found


def order_of(name: str) -> tuple[str, int]:
    """20250616_174156_10 comes after 20250616_174156_9."""
    parts = name.split("_")
    return "_".join(parts[:2]), int(parts[2]) if len(parts) > 2 else 1


def stamp_of(path: str | Path) -> Stamp:
    """By which a file that was written anew is told from what it was; OSError where there is none."""
    facts = os.stat(path)
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _stamp(path: str) -> Stamp | None:
    """The same; None where there is no such file."""
    try:
        return stamp_of(path)
    except OSError:
        return None
