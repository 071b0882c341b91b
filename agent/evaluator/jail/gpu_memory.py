"""How much of a GPU's memory is in use, as NVIDIA's management library tells; nothing where there is none.

It is asked without CUDA, which must not be touched before a worker is forked. It tells of a whole GPU: a container does
not learn which process has how much of it. So a worker is watched on its own GPU alone, where it should be alone. Tried
with a stand-in for the library only (tests/evaluator/jail/test_gpu_memory.py).
"""

import ctypes
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

LIBRARY = "libnvidia-ml.so.1"
VISIBLE, ORDER = "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"  # which GPUs CUDA uses, and how it numbers them
BY_BUS = "PCI_BUS_ID"  # as this library numbers them, which CUDA does only when it is told to
LONGEST_NAME = 96  # bytes of what the library calls a GPU, the zero behind it included
SHARE = 0.95  # of a GPU's memory, beyond what was in use when a worker was forked: above that it is killed


class _Memory(ctypes.Structure):
    """nvmlMemory_t"""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


@dataclass(frozen=True)
class Use:
    """Bytes of one GPU."""

    used: int
    total: int


def gpu_memory(gpu: str) -> Use | None:
    """The use of a GPU, named as in CUDA_VISIBLE_DEVICES: by its number or by the beginning of its own name."""
    library, memory = _library(), _Memory()
    device = None if library is None else _device(library, gpu.strip())
    if library is None or device is None or library.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)):
        return None
    return Use(memory.used, memory.total)


def let_go() -> None:
    """Close the library, before a fork: a child would inherit it as if it were open, and not what it had opened."""
    if (library := _library()) is not None:
        library.nvmlShutdown()
        _library.cache_clear()


def _device(library: ctypes.CDLL, gpu: str) -> ctypes.c_void_p | None:
    """The library's handle of a GPU; None where it knows none of that name, or another may be meant."""
    if gpu.isdigit():
        return _numbered(library, int(gpu)) if os.environ.get(ORDER) == BY_BUS else None
    device = ctypes.c_void_p()
    if not library.nvmlDeviceGetHandleByUUID(gpu.encode(), ctypes.byref(device)):  # whole, as a part of a GPU has it
        return device
    count = ctypes.c_uint()
    if library.nvmlDeviceGetCount_v2(ctypes.byref(count)):
        return None
    return next((each for each in _every(library, count.value) if _name(library, each).startswith(gpu)), None)


def _every(library: ctypes.CDLL, count: int) -> Iterator[ctypes.c_void_p]:
    return (device for number in range(count) if (device := _numbered(library, number)))


def _numbered(library: ctypes.CDLL, number: int) -> ctypes.c_void_p | None:
    device = ctypes.c_void_p()
    return None if library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(number), ctypes.byref(device)) else device


def _name(library: ctypes.CDLL, device: ctypes.c_void_p) -> str:
    name = ctypes.create_string_buffer(LONGEST_NAME)
    return "" if library.nvmlDeviceGetUUID(device, name, LONGEST_NAME) else name.value.decode(errors="replace")


@cache
def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(LIBRARY)
        return None if library.nvmlInit_v2() else library
    except (OSError, AttributeError):
        return None
