"""The living processes of this machine, or of this namespace, as /proc lists them; none where there is no /proc."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process that is not dead: its number, its parent's, its threads, its pages in memory, its user."""

    pid: int
    parent: int
    threads: int
    pages: int
    uid: int


def living() -> dict[int, Process]:
    """All living processes, by number."""
    return {process.pid: process for process in _living()}


def _living() -> Iterator[Process]:
    with suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with suppress(OSError, ValueError):  # it ended just now
                    path = Path("/proc", name)
                    fields = (path / "stat").read_text().rpartition(")")[2].split()
                    if fields[0] not in "ZX":
                        numbers = int(fields[1]), int(fields[17]), int(fields[21])
                        yield Process(int(name), *numbers, path.stat().st_uid)


def children(pid: int, among: Mapping[int, Process]) -> list[Process]:
    """Those whose parent a process is."""
    return [process for process in among.values() if process.parent == pid]


def family(pid: int, among: Mapping[int, Process]) -> list[Process]:
    """A process and all that descend from it, the younger first."""
    found = [member for child in children(pid, among) for member in family(child.pid, among)]
    return found + ([among[pid]] if pid in among else [])
