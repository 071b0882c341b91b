"""The user that workers run as where this program is root: a number that owns nothing, so that no file is open to it.

It also makes a limit of the kernel's count: those of processes and threads do not bind root.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.core.reason import Reason
from agent.evaluator.jail.confinement import gpus, readable

FIRST, NUMBERS = 60_706, 478  # given to nobody (systemd.io/UIDS-GIDS); a search takes one by its process's number
SECONDS = 60.0  # for the trial: a machine may be busy

TRIAL = """\
import os, sys
from agent.evaluator.jail.user import become
become(int(sys.argv[1]))
closed = [path for path in sys.argv[2:] if not os.access(path, os.R_OK | (os.W_OK if path.startswith("/dev/") else 0))]
sys.exit(f"{closed[0]} is closed to it" if closed else 0)
"""


@dataclass(frozen=True)
class User:
    """The number to become; None where the user stays the same, and why if that is a weakness."""

    uid: int | None
    missing: Reason | None = None


def own_user(command: Sequence[str], folder: Path, environment: dict[str, str]) -> User:
    """A user for the processes that `command` begins, who owns a folder; needed only where this program is root."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return User(None)
    uid = FIRST + os.getpid() % NUMBERS
    needed = [path for path in readable() if os.path.exists(path) and not path.startswith(("/proc", "/dev"))] + gpus()
    try:
        os.chown(folder, uid, uid)
        trial = [*command, sys.executable, "-c", TRIAL, str(uid), str(folder), *needed]
        tried = subprocess.run(trial, env=environment, capture_output=True, text=True, timeout=SECONDS)
        if not tried.returncode:
            return User(uid)
        os.chown(folder, 0, 0)
        words = (tried.stderr.strip().splitlines() or ["the trial failed"])[-1]
    except (OSError, subprocess.TimeoutExpired) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
    return User(None, Reason("isolation.no_user", {"words": words}))


def become(uid: int) -> None:
    """Be that user for good, with no group and no capability of the one before."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def hand_over(folder: Path, uid: int) -> None:
    """Give a folder and its plain files to a user; links, and files with a second name, keep their owner."""
    os.chown(folder, uid, uid)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_nlink == 1:
                os.chown(entry.path, uid, uid, follow_symlinks=False)
