"""Each worker has a GPU of its own: shown on a CPU, where its name changes nothing but what it is told."""

import os
import time
from pathlib import Path

import pytest
from small_evaluations import running

from agent.evaluator.gpus import gpus_of_workers, visible_gpus
from agent.evaluator.jail.gpu_memory import BY_BUS, ORDER, VISIBLE
from agent.evaluator.jail.jail import confined, scratch
from agent.evaluator.worker_pool import WorkerPool, worker_count


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setenv(VISIBLE, "4,GPU-12,6")


def test_cuda_means_every_gpu_that_may_be_used(three):
    assert visible_gpus() == ["4", "GPU-12", "6"]
    assert worker_count("cuda") == 3
    assert list(gpus_of_workers("cuda", 2)) == ["4", "GPU-12"]
    assert list(gpus_of_workers("cuda", 4)) == ["4", "GPU-12", "6", "4"]
    assert list(gpus_of_workers("cpu", 2)) == [None, None]
    assert WorkerPool(Path(), worker_count("cuda"), 0.0, "cuda").gpus == ["4", "GPU-12", "6"]


def test_without_a_name_they_are_numbered(monkeypatch):
    monkeypatch.delenv(VISIBLE, raising=False)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert visible_gpus() == ["0", "1"]
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    assert list(gpus_of_workers("cuda", 1)) == [None]


def test_the_fork_server_numbers_gpus_as_their_watchdog_does():
    """By the bus, as nvidia-smi does; CUDA by itself takes the fastest first."""
    with scratch() as folder, confined("agent.evaluator.worker", [str(folder)], folder, "GPU-12"):
        deadline = time.monotonic() + 60
        while not (found := [each for pid in running(os.getpid()) if (each := order_of(pid))]):
            assert time.monotonic() < deadline
        assert BY_BUS in found


def order_of(pid):
    """How a process that runs was told to number GPUs, at its start."""
    try:
        lines = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    return next((line.partition("=")[2] for line in lines if line.startswith(ORDER + "=")), None)
