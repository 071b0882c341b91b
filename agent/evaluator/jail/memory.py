"""A worker keeps the memory that a step frees for the next step, which asks for the same again."""

import ctypes

import torch

from agent.evaluator.jail.gpu_memory import SHARE

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
GIBIBYTE = 1 << 30


def keep_freed_memory() -> None:
    """Have glibc's allocator give nothing back to the system that is smaller than a gibibyte.

    By default it does, for large tensors at each step, and the system then fills thousands of fresh pages with zeros.
    Other C libraries have no such setting, and go on as they are.
    """
    allocator = ctypes.CDLL(None)
    if hasattr(allocator, "mallopt"):
        allocator.mallopt(M_MMAP_THRESHOLD, GIBIBYTE)
        allocator.mallopt(M_TRIM_THRESHOLD, GIBIBYTE)


BESIDE_TORCH = 3 << 29  # bytes of a GPU, for CUDA itself and what its libraries keep


def keep_below_the_watchdog(device: torch.device) -> None:
    """Have torch say that a GPU's memory is out before this process is killed for it. What torch keeps is in use."""
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(max(0.5, SHARE - BESIDE_TORCH / total))
