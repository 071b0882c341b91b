"""A further wall around all workers together, where bubblewrap (man bwrap) can build it: namespaces of their own.

Whoever breaks out of what agent/evaluator/confinement.py puts on each worker still finds no network but a loopback of
its own, no process but the workers, and a file system that is read-only outside of the folder for temporary files.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache

SECONDS = 10.0  # for the trial


@dataclass(frozen=True)
class Wall:
    """What a command is to begin with so that it runs behind the wall; if that is nothing, why there is none."""

    command: tuple[str, ...]
    missing: str = ""


@cache
def wall() -> Wall:
    """The wall of this machine: built once around a command that does nothing, to see whether it can be."""
    if sys.platform != "linux":
        return Wall((), f"namespaces (none on {sys.platform})")
    program = shutil.which("bwrap")
    if program is None:
        return Wall((), "namespaces (install bubblewrap)")
    scratch = tempfile.gettempdir()
    places = ["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc", "--bind", scratch, scratch]
    command = (program, *places, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--")
    try:
        trial = subprocess.run([*command, "true"], capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Wall((), f"namespaces ({type(error).__name__} from bubblewrap)")
    if trial.returncode:
        return Wall((), f"namespaces ({(trial.stderr.strip().splitlines() or ['bubblewrap failed'])[-1]})")
    return Wall(command)
