"""A CUDA device that is none: fake tensors say that they lie on it, and meet CUDA's own autograd and autocast there.

They have shapes and no numbers. A torch that is built for a CPU alone has all of this but a device to ask, which
pretended_cuda.cpp is. Torch looks for one once, so load it before torch is imported.
"""

import ctypes
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".cpp")
UNAVAILABLE = 3
FLAGS = ("-O0", "-std=c++20", "-shared", "-fPIC")


class CannotPretend(RuntimeError):
    """This torch, or this machine, cannot be told that there is a GPU."""


def load() -> None:
    """From here on torch finds a CUDA device that does nothing. Raises CannotPretend."""
    if "torch" in sys.modules:
        raise CannotPretend("torch was imported before the device: load it first")
    torch = _folder_of_torch()
    if (torch / "lib" / "libtorch_cuda.so").exists():
        raise CannotPretend("this torch is built for CUDA and asks a true GPU; a build for the CPU alone can pretend")
    # The library is built anew each time: two seconds, and never one of another torch.
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "pretended_cuda.so"
        _build(torch, built)
        ctypes.CDLL(str(torch / "lib" / "libtorch_cpu.so"), ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(built))


def load_or_exit() -> None:
    """The same for a program's start: where it cannot be, the program ends with UNAVAILABLE and says why."""
    try:
        load()
    except CannotPretend as trouble:
        print(trouble, file=sys.stderr)
        sys.exit(UNAVAILABLE)


def _folder_of_torch() -> Path:
    """Where torch is installed, without importing it."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        raise CannotPretend("a pretended device needs torch: make install")
    return Path(found.origin).parent


def _build(torch: Path, built: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        raise CannotPretend("a pretended device needs a C++ compiler: install g++")
    against = [f"-I{torch / 'include'}", f"-L{torch / 'lib'}", "-lc10", "-ltorch_cpu", f"-Wl,-rpath,{torch / 'lib'}"]
    command = [compiler, *FLAGS, str(SOURCE), "-o", str(built), *against]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotPretend(f"the pretended device does not build against this torch: {done.stderr[-300:].strip()}")
