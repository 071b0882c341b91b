"""Fused kernels are an optimisation: each is tried on a device before it is used there, and the plain path remains.

Whatever goes wrong with one, and a compiler or a driver may go wrong in any way, is said and costs speed alone.
"""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from agent.core.errors import kind_and_reason


@dataclass(frozen=True)
class Fused:
    """The module with the fused kernels, or None, and in words what is used instead and why."""

    kernels: Any
    words: str


FOUND: dict[tuple[str, torch.device], Fused] = {}


def fused(name: str, trial: Callable[[Any, torch.device], None], device: torch.device) -> Fused:
    """The kernels of agent/kernels/NAME.py if they can be built for a device and pass the trial there, held once."""
    if device.type == "cuda" and device.index is None:  # as a tensor that lies there names it
        device = torch.device("cuda", torch.cuda.current_device())
    # Not functools.cache: torch.compile looks through it and would trace the trial.
    if (name, device) not in FOUND:
        FOUND[name, device] = _tried(name, trial, device)
    return FOUND[name, device]


@contextmanager
def _multiplying_in_full() -> Iterator[None]:
    """With products in float32, whatever they are otherwise."""
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(precision)


def _tried(name: str, trial: Callable[[Any, torch.device], None], device: torch.device) -> Fused:
    try:
        triton = importlib.import_module("triton")
        kernels = importlib.import_module(f"agent.kernels.{name}")
        # The first to ask may be predicting, or multiply in bfloat16 or TF32; the trial is the same for all.
        with torch.enable_grad(), torch.autocast(device.type, enabled=False), _multiplying_in_full():
            trial(kernels, device)
    except Exception as error:
        return Fused(None, f"plain PyTorch ({kind_and_reason(error)})")
    return Fused(kernels, f"triton {triton.__version__}")
