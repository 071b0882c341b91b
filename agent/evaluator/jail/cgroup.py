"""A control group around all workers together (man cgroups, version 2): what they may take of memory and processes.

Each worker has limits of its own; this one holds for their sum, and for what no watchdog is quick enough to see. Root
can make a group, and so can a user whose session allows it (systemd's user sessions do).
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.core.reason import Reason

GROUPS = Path("/sys/fs/cgroup")
MEMORY_SHARE = 0.8  # of the machine's, for all workers together
PROCESSES = 2048  # threads count too
SECONDS = 5.0  # for the trial


@dataclass(frozen=True)
class Cgroup:
    """A group, and what a command is to begin with so that it runs in it; if there is none, why."""

    folder: Path | None
    missing: Reason | None = None

    @property
    def command(self) -> tuple[str, ...]:
        if self.folder is None:
            return ()
        return ("/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(self.folder))

    def remove(self) -> None:
        """Remove the group once it is empty; processes that the kernel is still removing are waited for."""
        until = time.monotonic() + SECONDS
        while self.folder is not None and self.folder.exists() and time.monotonic() < until:
            with suppress(OSError):
                self.folder.rmdir()
                return
            time.sleep(0.01)


def make_cgroup() -> Cgroup:
    """A group with limits, in the nearest one above this process that can be divided by memory and processes."""
    if sys.platform != "linux":
        return Cgroup(None)
    for place in _above():
        group = Cgroup(place / f"deltasearch-{os.getpid()}")
        try:
            _sweep(place)
            _make(group)
        except OSError:
            group.remove()
        else:
            return group
    return Cgroup(None, Reason("isolation.no_cgroup"))


def _above() -> Iterator[Path]:
    """The groups above this process whose parts have limits of memory and processes, the nearest first."""
    with suppress(OSError):
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
        for place in [(GROUPS / own), *(GROUPS / own).parents]:
            if place.is_relative_to(GROUPS):
                with suppress(OSError):
                    if {"memory", "pids"} <= set((place / "cgroup.subtree_control").read_text().split()):
                        yield place


def _make(group: Cgroup) -> None:
    assert group.folder is not None
    group.folder.mkdir(exist_ok=True)
    memory = int(MEMORY_SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    (group.folder / "memory.max").write_text(str(memory))
    (group.folder / "pids.max").write_text(str(PROCESSES))
    with suppress(OSError):  # a kernel without swap has no such limit
        (group.folder / "memory.swap.max").write_text("0")
    if subprocess.run([*group.command, "true"], capture_output=True, timeout=SECONDS).returncode:
        raise OSError("nobody may be moved into it")


def _sweep(place: Path) -> None:
    """Remove what a program that was killed left here."""
    for left in place.glob("deltasearch-*"):
        if not Path("/proc", left.name.removeprefix("deltasearch-")).exists():
            with suppress(OSError):
                left.rmdir()
