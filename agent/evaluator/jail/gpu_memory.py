"""How much of each GPU's memory is in use, as NVIDIA's management library tells; nothing where there is none.

It is asked without CUDA, which must not be touched before a worker is forked. It tells of a whole GPU: a container does
not learn which process has how much of it. Tried with a stand-in for the library only
(tests/evaluator/jail/test_gpu_memory.py).
"""

import ctypes
from dataclasses import dataclass
from functools import cache

LIBRARY = "libnvidia-ml.so.1"
SHARE = 0.95  # of a GPU's memory, beyond what was in use when a worker was forked: above that it is killed


class _Memory(ctypes.Structure):
    """nvmlMemory_t"""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


@dataclass(frozen=True)
class Use:
    """Bytes of one GPU."""

    used: int
    total: int


def gpu_memory() -> tuple[Use, ...]:
    """The use of each GPU."""
    library = _library()
    count = ctypes.c_uint()
    if library is None or library.nvmlDeviceGetCount_v2(ctypes.byref(count)):
        return ()
    return tuple(use for index in range(count.value) if (use := _use(library, index)))


def let_go() -> None:
    """Close the library, before a fork: a child would inherit it as if it were open, and not what it had opened."""
    if (library := _library()) is not None:
        library.nvmlShutdown()
        _library.cache_clear()


def _use(library: ctypes.CDLL, index: int) -> Use | None:
    device, memory = ctypes.c_void_p(), _Memory()
    if library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(device)):
        return None
    if library.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)):
        return None
    return Use(memory.used, memory.total)


@cache
def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(LIBRARY)
        return None if library.nvmlInit_v2() else library
    except (OSError, AttributeError):
        return None
