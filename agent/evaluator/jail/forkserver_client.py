"""The fork server as this program sees it: where it lives, with what around it, and how it is told what to do.

It is started when it is first needed, and again if it has died. At its start this module finds out what can surround
it and every worker: namespaces (wall.py), a user of its own (user.py), a control group (cgroup.py).
"""

import atexit
import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from agent.core.reason import Reason
from agent.core.resources import SOURCE_ROOT
from agent.core.temporary import remove_abandoned, temporary_folder
from agent.evaluator.jail.cgroup import Cgroup, make_cgroup
from agent.evaluator.jail.confinement import Layers
from agent.evaluator.jail.gpu_memory import BY_BUS, ORDER, VISIBLE
from agent.evaluator.jail.user import User, hand_over, own_user
from agent.evaluator.jail.wall import Wall, wall

TEMPORARY = "tmp"  # of the fork server; a child's is its own folder
# Where programs and libraries are, which GPU is meant, and what compiles for it.
PASSED_ON = ("PATH", "LANG", "LD_LIBRARY_PATH", VISIBLE, ORDER, "CC",
             "TRITON_PTXAS_PATH", "TRITON_LIBCUDA_PATH")  # fmt: skip
SECONDS_TO_DIE = 15.0  # for the fork server, once its socket is closed, and for all workers before it


class ForkServerClient:
    """One fork server, and the one folder on which its children may write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._home: Path | None = None
        self._end = ExitStack()
        self._wall = Wall(())
        self._user = User(None)
        self._cgroup = Cgroup(None)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for a child, for as long as it is needed."""
        with self._lock:
            home = self._open()
        with tempfile.TemporaryDirectory(prefix="job-", dir=home, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def give(self, folder: Path) -> None:
        """Let the children write in a folder of this client's, and on what is in it by now."""
        with self._lock:
            self._open()
            if self._user.uid is not None:
                hand_over(folder, self._user.uid)

    def tell(self, message: dict[str, Any], pipes: list[int] | None = None) -> None:
        """Send a message, with the pipes of a child that is to be forked."""
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            assert self._control is not None
            with suppress(BrokenPipeError):  # it died just now, and the waiter for a child hears of it
                socket.send_fds(self._control, [line], pipes or [])

    def layers(self) -> Layers:
        """What surrounds all children together, beside what each of them puts on."""
        with self._lock:
            self._open()
        around = {
            "isolation.namespaces": (bool(self._wall.command), self._wall.missing),
            "isolation.user": (self._user.uid is not None, self._user.missing),
            "isolation.cgroup": (self._cgroup.folder is not None, self._cgroup.missing),
        }
        on = [Reason(layer) for layer, (there, _) in around.items() if there]
        return Layers(tuple(on), tuple(missing for _, missing in around.values() if missing))

    def close(self) -> None:
        """End the fork server, and with it all children; leave nothing behind."""
        with self._lock:
            if self._control is not None and self._process is not None:
                self._control.close()
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(SECONDS_TO_DIE)
                self._process.kill()
                self._process.wait()
            self._control = self._process = None
            self._cgroup.remove()
            self._end.close()
            self._home = None

    def _open(self) -> Path:
        """The folder, made together with all that is to surround the children. Only what is in it is theirs."""
        if self._home is None:
            remove_abandoned()
            self._home = home = self._end.enter_context(temporary_folder())
            home.chmod(0o711)
            (home / TEMPORARY).mkdir()
            self._wall = wall(home)
            self._user = own_user(self._wall.command, home / TEMPORARY, clean_environment(home))
            self._cgroup = make_cgroup()
        return self._home

    def _start(self) -> None:
        home = self._open()
        if self._control is not None:
            self._control.close()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        around = [*self._cgroup.command, *self._wall.command]
        user = [] if self._user.uid is None else [str(self._user.uid)]
        with theirs:
            self._process = _keep(
                [*around, sys.executable, "-m", "agent.evaluator.jail.forkserver", str(theirs.fileno()), *user],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=clean_environment(home),
                cwd=home,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for this program, which then ends its children in order
            )


def _keep(*command: Any, **options: Any) -> "subprocess.Popen[bytes]":
    """Start a process from a thread that waits for it: one that is to die with its parent dies with that thread."""
    started: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()

    def stay() -> None:
        try:
            process = subprocess.Popen(*command, **options)
        except OSError as error:
            started.put(error)
        else:
            started.put(process)
            process.wait()

    threading.Thread(target=stay, daemon=True).start()
    process = started.get()
    if isinstance(process, OSError):
        raise process
    return process


def clean_environment(home: Path) -> dict[str, str]:
    """What a worker may know of its surroundings: no key, no home of its user's, no proxy."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return (
        {ORDER: BY_BUS}
        | environment
        | {
            "PYTHONPATH": str(SOURCE_ROOT),
            "TMPDIR": str(home / TEMPORARY),
            # A thread that a library starts before the confinement would stay outside of it.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
        }
    )


fork_server = ForkServerClient()
atexit.register(fork_server.close)
