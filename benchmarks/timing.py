"""Medians of things that take turns, and how they are shown."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from agent.evaluator.speed import wait_for

CPU = torch.device("cpu")
ROUNDS = 5


@contextmanager
def one_thread() -> Iterator[None]:
    """As a worker of a pool has it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def in_turn(
    calls: dict[str, Callable[[], object]], rounds: int = ROUNDS, device: torch.device = CPU
) -> dict[str, float]:
    """Median seconds of each call; they take turns, so that a machine whose speed drifts is fair to all."""
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            wait_for(device)
            started = time.perf_counter()
            call()
            wait_for(device)
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(times) for name, times in seconds.items()}


def show(title: str, seconds: dict[str, float]) -> None:
    """Each median, and how many times as long it takes as the first."""
    first = next(iter(seconds.values()))
    parts = [f"{name} {1e3 * value:,.1f} ms ({value / first:.2f}x)" for name, value in seconds.items()]
    print(f"{title:<44} {'   '.join(parts)}", flush=True)
