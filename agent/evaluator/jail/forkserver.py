"""The process that forks the workers: `python -m agent.evaluator.jail.forkserver FD [USER]`.

forkserver_client.py starts it. It imports once what every worker needs, and forks: a worker then starts in tens of
milliseconds. It has one thread and never runs a product nor touches a GPU, so that its children may do both. Over the
socket FD it receives messages of one JSON line each: fork a child (with its three standard pipes and a pipe for its
end), have a child print its stack, end a child. The descendants of a child die with it; when the socket closes, all
children die.
"""

import ctypes
import faulthandler
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.evaluator.jail.gpu_memory import SHARE, VISIBLE, Use, gpu_memory, let_go
from agent.evaluator.jail.processes import Process, children, family, living
from agent.evaluator.jail.user import become

# What every child needs. The last is imported by torch at the first gradient that is asked for with a cotangent: .3
# seconds, which a check would pay five times.
PRELOADED = (
    "agent.evaluator.worker", "agent.evaluator.jail.escape_attempts", "torch.fx.experimental.symbolic_shapes",
)  # fmt: skip
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36
LOOK_UP = 0.2  # seconds between two looks at what the children use
RESIDENT_SHARE = 0.6  # of the machine's memory, for one child and what descends from it
LARGEST_FOLDER = 16 << 30  # bytes that a child may have written: nine are the weights of all of mad-grid
MOST_FILES = 10_000  # that it may have made
MOST_THREADS = 512  # that it may have, with what descends from it


@dataclass(frozen=True)
class Wanted:
    """A child that is to be forked: whose `main` it runs, with which arguments, where, and on which GPU, if on one."""

    module: str
    arguments: list[str]
    folder: str
    gpu: str | None = None


@dataclass(frozen=True)
class ForkedChild:
    """A child: its number, its folder, the pipe that hears of its end, its GPU, and how full that was at its fork."""

    pid: int
    folder: str
    status: int
    gpu: str | None = None
    found: Use | None = None

    def excess(self, among: Mapping[int, Process]) -> str | None:
        """Which limit it has passed that the kernel does not hold it to, or not everywhere."""
        members = family(self.pid, among)
        if sum(member.pages for member in members) > RESIDENT_SHARE * os.sysconf("SC_PHYS_PAGES"):
            return "memory"
        if sum(member.threads for member in members) > MOST_THREADS:
            return "threads"
        now = gpu_memory(self.gpu) if self.gpu and self.found else None
        if now and self.found and now.used - self.found.used > SHARE * now.total:
            return "GPU memory"
        sizes = list(_sizes(self.folder))
        return "disk" if sum(sizes) > LARGEST_FOLDER or len(sizes) > MOST_FILES else None


class ForkServer:
    """Forks children, watches them and sees to it that none is left."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.forked: dict[str, ForkedChild] = {}
        self.killed_for: dict[int, str] = {}

    def serve(self, wakeup: int) -> None:
        """Serve until the socket closes: the program that started this process is then gone."""
        try:
            while True:
                ready = select.select([self.control.fileno(), wakeup], [], [], LOOK_UP if self.forked else None)[0]
                if wakeup in ready:
                    os.read(wakeup, 1 << 10)
                self._reap()
                if self.control.fileno() in ready and not self._read_messages():
                    return
                self._watch()
        finally:
            for key in list(self.forked):
                self._end(key)

    def _read_messages(self) -> bool:
        """Read messages; False when there will be no more."""
        data, pipes, _, _ = socket.recv_fds(self.control, 1 << 16, 4)
        if not data:
            return False
        for line in data.splitlines():
            match json.loads(line):
                case {"fork": str() as key, "wanted": dict() as wanted}:
                    self._fork(key, Wanted(**wanted), pipes)
                case {"where": str() as key} if key in self.forked:
                    os.kill(self.forked[key].pid, signal.SIGUSR1)
                case {"end": str() as key} if key in self.forked:
                    self._end(key)
        return True

    def _fork(self, key: str, wanted: Wanted, pipes: list[int]) -> None:
        parent, found = os.getpid(), gpu_memory(wanted.gpu) if wanted.gpu else None
        let_go()
        pid = os.fork()
        if pid == 0:
            _run_child(parent, wanted, pipes)
        for pipe in pipes[:3]:
            os.close(pipe)
        self.forked[key] = ForkedChild(pid, wanted.folder, pipes[3], wanted.gpu, found)

    def _watch(self) -> None:
        """The kernel limits addresses and files; this limits what is in memory and on disk."""
        among = living()
        for child in self.forked.values():
            if excess := child.excess(among):
                self.killed_for[child.pid] = excess
                os.kill(child.pid, signal.SIGKILL)  # what it leaves behind is killed when it is reaped

    def _reap(self) -> None:
        """Report the children that ended, once every process that they left behind is dead too."""
        ended = []
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                ended.append(found)
        self._kill_strangers()
        for pid, status in ended:
            self._report_end(pid, status)

    def _report_end(self, pid: int, status: int) -> None:
        for key, child in list(self.forked.items()):
            if child.pid == pid:
                message = {"code": os.waitstatus_to_exitcode(status), "excess": self.killed_for.pop(pid, None)}
                with suppress(OSError):  # nobody may listen any more
                    os.write(child.status, json.dumps(message).encode())
                os.close(child.status)
                del self.forked[key]

    def _end(self, key: str) -> None:
        """Kill a child and all that descends from it, and tell of it once they are dead."""
        pid = self.forked[key].pid
        _kill(pid, *(member.pid for member in family(pid, living())))
        status = os.waitpid(pid, 0)[1]
        self._kill_strangers()
        self._report_end(pid, status)

    def _kill_strangers(self) -> None:
        """This process adopts the orphans among its descendants. It has no use for a child that it did not fork."""
        mine = {child.pid for child in self.forked.values()}
        while strangers := {child.pid for child in children(os.getpid(), living())} - mine:
            _kill(*strangers)
            for pid in strangers:
                with suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def _kill(*pids: int) -> None:
    """Kill processes: stopped first, so that none of them answers the death of another with a fork."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def _sizes(folder: str) -> Iterator[int]:
    """The bytes of each file below a folder, and nothing for a folder itself."""
    for place, folders, names in os.walk(folder):
        yield from (0 for _ in folders)
        for name in names:
            with suppress(OSError):  # it was removed just now
                yield os.lstat(os.path.join(place, name)).st_size


def _run_child(parent: int, wanted: Wanted, pipes: list[int]) -> None:
    """A child's whole life, from the fork to its end. It has three pipes and nothing else of its parent's."""
    code = 1
    try:
        for number, pipe in enumerate(pipes[:3]):
            os.dup2(pipe, number)
        os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.chdir(wanted.folder)
        tempfile.tempdir = wanted.folder
        os.environ |= dict.fromkeys(("TMPDIR", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"), wanted.folder)
        if wanted.gpu is not None:
            os.environ[VISIBLE] = wanted.gpu  # CUDA looks when it is first touched, which nobody has done yet
        _follow_parent(parent)
        sys.argv = [wanted.module, *wanted.arguments]
        importlib.import_module(wanted.module).main()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _follow_parent(parent: int) -> None:
    """Say where it stands when asked to or when it crashes; on Linux be the first to die, and with the parent."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # what is told of it in /proc is its own
        if os.getppid() != parent:  # it died before this process could ask to hear of it
            os._exit(1)
        with suppress(OSError):  # where memory runs out, the kernel shall take this process and not its parents
            Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    if len(sys.argv) > 2:
        become(int(sys.argv[2]))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for module in PRELOADED:
        importlib.import_module(module)
    gc.freeze()  # what is here now is for all children, and no child shall look through it for garbage
    wakeup, alarm = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
    os.set_blocking(alarm, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(alarm)
    ForkServer(control).serve(wakeup)


if __name__ == "__main__":
    main()
