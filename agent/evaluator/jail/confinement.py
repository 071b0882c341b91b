"""What a worker gives up before it runs a variant: files, network, processes, privileges. Linux only, by ctypes.

Landlock (man landlock) takes the file system away but for a few folders to read and one to write; seccomp (man seccomp)
takes the system calls away that reach past files: sockets, new processes, signals to others, modes and owners of files,
and whatever has no use in training. Both work without privileges and inside a container, and hold for all that the
process starts later. They confine the calling thread, so they are put on while there is only one.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import safetensors

from agent.core.reason import Reason
from agent.core.resources import KNOWN_VARIANTS, PACKAGE, TEMPLATES
from agent.evaluator.jail.processes import living
from agent.evaluator.jail.syscalls import (
    ARCHITECTURES,
    ASYNCHRONOUS,
    DENIED,
    FIRST_UNKNOWN,
    FOR_COMPILERS,
    FOR_CUDA,
    SET_FLAGS,
    SIGNALLING_FCNTL,
    SIGNALLING_IOCTL,
    Architecture,
)

PR_SET_NO_NEW_PRIVS = 38
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
LANDLOCK_VERSION = 1
PATH_BENEATH = 1
EXECUTE = 1 << 0
READ = 1 << 2 | 1 << 3  # a file, a folder; libraries can be mapped
WRITE = READ | 1 << 1 | 1 << 5 | 1 << 8 | 1 << 14  # make, write, cut and remove plain files; no links, folders or pipes
BUILD = WRITE | 1 << 4 | 1 << 7 | 1 << 13  # folders too, and moves between them: what keeps compiled kernels does so
OVERWRITE = READ | 1 << 1  # what is there already
USE = OVERWRITE | 1 << 15  # a device: read, write and command it
FILE_ONLY = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # what may be granted on something that is no folder
# What each version of Landlock knows of the file system; a right that is known and not granted is denied.
KNOWN_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
TCP = 1 << 0 | 1 << 1  # bind and connect, from version 4 on
SCOPES = 1 << 0 | 1 << 1  # abstract sockets and signals, from version 6 on
SECCOMP_SET_MODE_FILTER, TSYNC = 1, 1
CAPABILITY_VERSION_3 = 0x20080522

FILES = 256  # open at once
PROCESSES = 512  # more than its user has by then; threads count too
LARGEST_FILE = 4 << 30  # bytes
MEMORY_SHARE = 0.6  # of the machine's, beyond what the worker has mapped when it is confined; on a CPU

SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/sys/devices/system",
          "/proc/cpuinfo", "/proc/meminfo", "/dev/null", "/dev/zero", "/dev/urandom")  # fmt: skip
# What CUDA opens when it starts, beside the devices: to name its threads, and to look where it is.
CUDA_DEVICES = ("/dev/nvidiactl", "/dev/nvidia-uvm")
CUDA_MORE = ("/dev/nvidia-uvm-tools", "/dev/nvidia-caps")  # not on every machine, nor for everybody
CUDA_WRITES = ("/proc/self/task",)
CUDA_READS = ("/proc/self", "/proc/driver/nvidia", "/proc/driver/nvidia-uvm", "/proc/devices", "/proc/stat",
              "/proc/filesystems", "/proc/sys/vm/mmap_min_addr", "/proc/sys/vm/overcommit_memory", "/sys/bus/pci",
              "/sys/devices")  # fmt: skip


@dataclass(frozen=True)
class Layers:
    """Which layers are on, and which are not, with why."""

    on: tuple[Reason, ...]
    missing: tuple[Reason, ...]


def confine(scratch: Path, device: str, compiles: bool = False) -> Layers:
    """Put every layer on that this machine has. `scratch` is the one folder that may be written.

    A process that `compiles` may start the system's programs. They are confined as it is, and die with it.
    """
    if sys.platform != "linux":
        return Layers((), (Reason("isolation.no_confinement", {"system": sys.platform}),))
    on, missing = [], []
    for layer, without, put_on in (
        ("isolation.limits", "isolation.no_limits", lambda: _limit(device)),
        ("isolation.capabilities", "isolation.no_dropping", _drop_capabilities),
        ("isolation.landlock", "isolation.no_landlock", lambda: _landlock(scratch, device, compiles)),
        ("isolation.seccomp", "isolation.no_seccomp", lambda: _seccomp(device, compiles)),
    ):
        try:
            put_on()
            on.append(Reason(layer))
        except OSError as error:
            missing.append(Reason(without, {"error": str(error.strerror)}))
    return Layers(tuple(on), tuple(missing))


def _limit(device: str) -> None:
    """No core dumps, few open files, no huge ones; on a CPU a limit of memory too, which CUDA does not survive."""
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: FILES, resource.RLIMIT_FSIZE: LARGEST_FILE}
    mine = [process.threads for process in living().values() if process.uid == os.geteuid()]
    limits[resource.RLIMIT_NPROC] = sum(mine) + PROCESSES
    if device == "cpu":
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        machine = os.sysconf("SC_PHYS_PAGES") * resource.getpagesize()
        limits[resource.RLIMIT_AS] = mapped + int(MEMORY_SHARE * machine)
    for what, most in limits.items():
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _drop_capabilities() -> None:
    """Root without its powers, and never again more than now."""
    _check(_libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    _check(_libc().capset(header, struct.pack("=6I", *[0] * 6)))


def _landlock(scratch: Path, device: str, compiles: bool) -> None:
    """Read the system and this project, write the scratch folder, and nothing else; no TCP."""
    if len(os.listdir("/proc/self/task")) > 1:
        raise OSError(0, "there are other threads already")
    version = _libc().syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_VERSION)
    _check(version)
    rights = KNOWN_RIGHTS.get(version, KNOWN_RIGHTS[5])
    attributes = struct.pack("=QQQ", rights, TCP if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}.get(version, 24)
    ruleset = _libc().syscall(LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    _check(ruleset)
    try:
        for path in readable():
            _grant(ruleset, Path(path), (READ | EXECUTE if compiles else READ) & rights)
        if device != "cpu":
            for granted, paths in ((USE, (*gpus(), *CUDA_MORE)), (OVERWRITE, CUDA_WRITES), (READ, CUDA_READS)):
                for path in paths:
                    _grant(ruleset, Path(path), granted & rights)
        if compiles:  # the output of a compiler is sent there
            _grant(ruleset, Path("/dev/null"), OVERWRITE & rights)
        _grant(ruleset, scratch, (BUILD if compiles else WRITE) & rights)
        _check(_libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _check(_libc().syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def gpus() -> list[str]:
    """The devices by which GPUs are reached; none where there is no GPU."""
    return [*filter(os.path.exists, CUDA_DEVICES), *map(str, sorted(Path("/dev").glob("nvidia[0-9]*")))]


def readable() -> list[str]:
    """What a worker may read: the system's libraries, Python with what is installed, and the code of this project."""
    project = [str(folder) for folder in (PACKAGE, KNOWN_VARIANTS, TEMPLATES)]
    installed = str(Path(safetensors.__file__).parents[1])  # it may lie elsewhere than Python does
    libraries = [path for path in os.environ.get("LD_LIBRARY_PATH", "").split(":") if path.startswith("/")]
    return [*SYSTEM, sys.prefix, sys.base_prefix, installed, *libraries, *project]


def _grant(ruleset: int, path: Path, rights: int) -> None:
    """Grant rights on a path and all below it; nothing where there is no such path."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rights = rights if path.is_dir() else rights & FILE_ONLY
        _check(_libc().syscall(LANDLOCK_ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, handle), 0))
    finally:
        os.close(handle)


def _seccomp(device: str, compiles: bool) -> None:
    """Refuse with EPERM what has no use in training; see agent/evaluator/jail/syscalls.py."""
    machine = ARCHITECTURES.get(platform.machine())
    if machine is None:
        raise OSError(0, f"not known for {platform.machine()}")
    _check(_libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    cuda = device != "cpu"
    denied = DENIED - (FOR_CUDA if cuda else set()) - (FOR_COMPILERS if compiles else set())
    code = _program(machine, denied, compiles, cuda)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("=HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    _check(_libc().syscall(machine.seccomp, SECCOMP_SET_MODE_FILTER, TSYNC, program))


def _program(machine: Architecture, denied: Set[str], compiles: bool, cuda: bool) -> bytes:
    """The filter in classic BPF. It loads the architecture, then the call's number, then arguments."""
    load, jump_equal, jump_bits, jump_above, mask, answer = 0x20, 0x15, 0x45, 0x35, 0x54, 0x06
    allow, refuse, absent, kill = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38, 0x80000000

    def step(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    def arguments(offset: int, test: bytes) -> bytes:
        """Load the lower half of an argument, test it, allow or refuse."""
        return step(load, 0, 0, offset) + test + step(answer, 0, 0, allow) + step(answer, 0, 0, refuse)

    lines = [step(load, 0, 0, 4), step(jump_equal, 1, 0, machine.audit), step(answer, 0, 0, kill), step(load, 0, 0, 0)]
    lines += [step(jump_above, 0, 1, FIRST_UNKNOWN), step(answer, 0, 0, absent)]  # the x32 numbers among them
    for number in sorted(number for name, number in machine.numbers.items() if name in denied):
        lines += [step(jump_equal, 0, 1, number), step(answer, 0, 0, refuse)]
    # The C library asks clone3 first; told that there is none it asks clone, whose flags can be seen: threads only.
    lines += [step(jump_equal, 0, 1, machine.numbers["clone3"]), step(answer, 0, 0, absent)]
    if not compiles:
        lines += [step(jump_equal, 0, 4, machine.numbers["clone"]), arguments(16, step(jump_bits, 0, 1, 0x00010000))]
    if cuda:  # AF_UNIX and SOCK_SEQPACKET, whatever flags come with it
        test = step(jump_equal, 0, 4, 1) + step(load, 0, 0, 24) + step(mask, 0, 0, 0xF) + step(jump_equal, 0, 1, 5)
        lines += [step(jump_equal, 0, 7, machine.numbers["socket"]), arguments(16, test)]
    # Signals to and limits of this process alone.
    for name in ("kill", "tgkill"):
        lines += [step(jump_equal, 0, 4, machine.numbers[name]), arguments(16, step(jump_equal, 0, 1, os.getpid()))]
    lines += [step(jump_equal, 0, 4, machine.numbers["prlimit64"]), arguments(16, step(jump_equal, 0, 1, 0))]
    # No file may signal anybody: refused by the command, the second argument, and for F_SETFL by the flags, the third.
    flags = step(jump_equal, 0, 3, SET_FLAGS) + step(load, 0, 0, 32) + step(jump_bits, 0, 1, ASYNCHRONOUS)
    for name, commands, more in (("fcntl", SIGNALLING_FCNTL, flags), ("ioctl", SIGNALLING_IOCTL, b"")):
        body = step(load, 0, 0, 24) + b"".join(
            step(jump_equal, 0, 1, command) + step(answer, 0, 0, refuse) for command in commands
        )
        body += (more + step(answer, 0, 0, refuse) if more else b"") + step(answer, 0, 0, allow)
        lines += [step(jump_equal, 0, len(body) // 8, machine.numbers[name]), body]
    return b"".join([*lines, step(answer, 0, 0, allow)])


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(answer: int) -> None:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
