"""The GPUs that this process may use, and which one each worker is given, by the names of CUDA_VISIBLE_DEVICES."""

import os
from collections.abc import Sequence

import torch

from agent.evaluator.jail.gpu_memory import VISIBLE


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    named = os.environ.get(VISIBLE)
    return named.split(",") if named else [str(number) for number in range(torch.cuda.device_count())]


def gpus_of_workers(device: str, workers: int) -> Sequence[str | None]:
    """Which GPU each of so many workers at once uses, in turn; None for a worker on a CPU."""
    gpus = visible_gpus() if device == "cuda" else []
    return [gpus[worker % len(gpus)] if gpus else None for worker in range(workers)]
