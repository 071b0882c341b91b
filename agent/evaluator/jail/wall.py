"""A further wall around all workers together, where bubblewrap (man bwrap) can build it: namespaces of their own.

Code that breaks out of what agent/evaluator/jail/confinement.py puts on each worker still finds no network but a
loopback of its own, no process but the workers, no file but those that a worker may read, and one folder to write.
Everything behind the wall dies with the process that built it, however that ends.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.core.reason import Reason
from agent.evaluator.jail.confinement import readable

SECONDS = 60.0  # for the trial: a machine may be busy
# Where else what is installed may lie, and where CUDA looks for its cards.
ALSO = ("/etc/alternatives", "/opt", "/nix/store", "/sys/bus/pci", "/sys/devices")


@dataclass(frozen=True)
class Wall:
    """What a command is to begin with so that it runs behind the wall; if that is nothing, why there is none."""

    command: tuple[str, ...]
    missing: Reason | None = None


@cache
def wall(home: Path) -> Wall:
    """A wall behind which `home` can be written: built once around an interpreter, to see whether it can be."""
    if sys.platform != "linux":
        return Wall((), Reason("isolation.no_namespaces", {"system": sys.platform}))
    program = shutil.which("bwrap")
    if program is None:
        return Wall((), Reason("isolation.no_bubblewrap"))
    places = ["--proc", "/proc", "--dev", "/dev", *_bindings(home)]
    apart = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    command = (program, *places, *apart, "--die-with-parent", "--chdir", str(home), "--")
    try:
        trial = [*command, sys.executable, "-c", "open('trial', 'w').close()"]
        tried = subprocess.run(trial, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Wall((), Reason("isolation.bubblewrap_failed", {"error": type(error).__name__}))
    if tried.returncode:
        words = (tried.stderr.strip().splitlines() or ["bubblewrap failed"])[-1]
        return Wall((), Reason("isolation.bubblewrap_refused", {"words": words}))
    (home / "trial").unlink()
    return Wall(command)


def _bindings(home: Path) -> Iterator[str]:
    """What is seen behind the wall, in the order in which bubblewrap lays one thing over the other."""
    readonly = [path for path in (*readable(), *ALSO) if not path.startswith(("/proc", "/dev"))]
    for path in readonly:
        for place in dict.fromkeys([path, os.path.realpath(path)]):
            if os.path.exists(place):
                yield from (*_ways_to(place), "--ro-bind", place, place)
    for device in sorted(Path("/dev").glob("nvidia*")):
        yield from ("--dev-bind", str(device), str(device))
    yield from (*_ways_to(str(home)), "--bind", str(home), str(home))


def _ways_to(place: str) -> Iterator[str]:
    """The folders above a place, open for every user: those that bubblewrap makes unasked are not."""
    for folder in reversed(Path(place).parents[:-1]):
        yield from ("--dir", str(folder))
