"""The Triton kernels as launches that are told what they touch: the code around them runs, the kernels only if told to.

So they can be counted, also where there is nothing to run them on.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from agent.kernels import fused
from agent.kernels.fused import Fused

LIBRARY = torch.library.Library("deltasearch", "DEF")
LIBRARY.define("launch(str kernel, Tensor[] touched) -> ()")
for backend in ("Meta", "CPU", "CUDA"):
    LIBRARY.impl("launch", lambda kernel, touched: None, backend)
MODULES = ("adamw_triton", "delta_rule_triton", "gate_triton", "norm_triton", "short_conv_triton", "triangular_triton")


class RecordedKernel:
    """Stands where a jitted kernel stands, and is launched as it is. What it reads and writes is touched twice.

    Where it `runs`, the kernel is launched as well.
    """

    def __init__(self, kernel: Any, runs: bool = False) -> None:
        self.kernel = kernel if runs else None
        self.name = kernel.__name__.lstrip("_")
        text = inspect.getsource(kernel.fn)
        self.times = [_times(name, text) for name in kernel.arg_names]

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., None]:
        return partial(self._launch, grid)

    def _launch(self, grid: tuple[int, ...], *given: Any, **sizes: Any) -> None:
        touched = [
            part for part, times in zip(given, self.times, strict=False) for _ in range(times) if _is_tensor(part)
        ]
        torch.ops.deltasearch.launch(self.name, touched)
        if self.kernel is not None:
            self.kernel[grid](*given, **sizes)


def _times(argument: str, text: str) -> int:
    """Twice for what a kernel loads and stores by the name of its argument, else once."""
    return 2 if all(re.search(rf"tl\.{way}\(\s*{argument}\b", text) for way in ("load", "store")) else 1


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


@contextmanager
def counted_kernels() -> Iterator[None]:
    """Within it every launch of a kernel is an operator that a dispatch mode sees, and the kernel runs."""
    with ExitStack() as stack:
        for name in MODULES:
            module = import_module(f"agent.kernels.{name}")
            for attribute, kernel in _kernels(module):
                stack.enter_context(mock.patch.object(module, attribute, RecordedKernel(kernel, runs=True)))
        yield


@contextmanager
def recorded_kernels(device: torch.device) -> Iterator[None]:
    """Within it the kernels count as found on a device, and every launch is an operator that a dispatch mode sees."""
    with ExitStack() as stack:
        found = {}
        for name in MODULES:
            module = import_module(f"agent.kernels.{name}")
            for attribute, kernel in _kernels(module):
                stack.enter_context(mock.patch.object(module, attribute, RecordedKernel(kernel)))
            found[name, device] = Fused(module, "recorded")
        stack.enter_context(mock.patch.dict(fused.FOUND, found))
        yield


def _kernels(module: ModuleType) -> list[tuple[str, Any]]:
    """The jitted functions of a module by their names."""
    return [(name, value) for name, value in vars(module).items() if type(value).__name__ == "JITFunction"]
