"""The watchdog of GPU memory, with a stand-in for NVIDIA's library: this machine need not have a GPU."""

import ctypes
import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest
import torch

from agent.evaluator.jail import forkserver, gpu_memory
from agent.evaluator.jail.forkserver import ForkedChild, ForkServer, Wanted
from agent.evaluator.jail.gpu_memory import BY_BUS, ORDER, Use
from agent.evaluator.jail.memory import keep_below_the_watchdog
from agent.evaluator.jail.processes import living

STAND_IN = """
#include <stdlib.h>
#include <string.h>
typedef struct { unsigned long long total, free, used; } Memory;
int opened = 0;
int nvmlInit_v2(void) { if (getenv("GPU_BROKEN")) return 1; opened++; return 0; }
int nvmlShutdown(void) { opened--; return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = (void *)(long)(index + 1); return 0; }
int nvmlDeviceGetHandleByUUID(const char *name, void **device) {
    if (strcmp(name, "GPU-bb2") && strcmp(name, "MIG-7")) return 1;
    *device = (void *)2; return 0;
}
int nvmlDeviceGetUUID(void *device, char *name, unsigned length) {
    strncpy(name, device == (void *)1 ? "GPU-aa1" : "GPU-bb2", length); return 0;
}
int nvmlDeviceGetMemoryInfo(void *device, Memory *memory) {
    memory->total = 1000; memory->used = device == (void *)1 ? 10 : 990; memory->free = 1000 - memory->used; return 0;
}
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler for the stand-in: install gcc")
    source, built = tmp_path / "nvml.c", tmp_path / "nvml.so"
    source.write_text(STAND_IN)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", built, source], check=True)
    monkeypatch.setattr(gpu_memory, "LIBRARY", str(built))
    monkeypatch.setenv(ORDER, BY_BUS)  # as every worker has it
    gpu_memory._library.cache_clear()
    yield
    gpu_memory._library.cache_clear()


@pytest.mark.parametrize(
    ("gpu", "use"),
    [
        ("0", Use(10, 1000)),
        ("1", Use(990, 1000)),
        ("GPU-aa1", Use(10, 1000)),
        ("GPU-bb", Use(990, 1000)),  # the beginning of a name will do
        ("MIG-7", Use(990, 1000)),  # a part of a GPU
        ("GPU-c", None),
    ],
)
def test_the_use_of_a_gpu_is_read_by_any_of_its_names(library, gpu, use):
    assert gpu_memory.gpu_memory(gpu) == use


def test_a_number_says_nothing_where_cuda_counts_in_another_order(library, monkeypatch):
    monkeypatch.setenv(ORDER, "FASTEST_FIRST")
    assert gpu_memory.gpu_memory("1") is None
    assert gpu_memory.gpu_memory("GPU-bb2") == Use(990, 1000)


def test_a_child_that_fills_a_gpu_is_killed_for_it_and_one_that_finds_it_full_is_not(library, tmp_path):
    filler = ForkedChild(os.getpid(), str(tmp_path), -1, "1", Use(10, 1000))
    finder = ForkedChild(os.getpid(), str(tmp_path), -1, "1", Use(980, 1000))
    assert filler.excess(living()) == "GPU memory"
    assert finder.excess(living()) is None


def test_what_another_gpu_holds_kills_nobody(library, tmp_path):
    """Somebody else may fill it meanwhile; a worker on a CPU is held to none."""
    for gpu, found in (("0", Use(10, 1000)), (None, None)):
        assert ForkedChild(os.getpid(), str(tmp_path), -1, gpu, found).excess(living()) is None


def test_a_child_is_told_its_own_gpu_and_a_worker_on_a_cpu_none(library, monkeypatch):
    """What each finds in its surroundings, and what is read of its memory at its fork."""
    told = {}
    monkeypatch.setattr(forkserver, "_run_child", lambda parent, wanted, pipes: None)
    monkeypatch.setattr(forkserver.os, "fork", lambda: 1)
    monkeypatch.setattr(forkserver.os, "close", lambda pipe: None)
    server = ForkServer(None)
    for key, gpu in (("a", "1"), ("b", None)):
        server._fork(key, Wanted("module", [], "folder", gpu), [0, 0, 0, 0])
        told[key] = server.forked[key].gpu, server.forked[key].found
    assert told == {"a": ("1", Use(990, 1000)), "b": (None, None)}


def test_before_a_fork_it_is_closed_and_after_that_opened_anew(library):
    opened = ctypes.c_int.in_dll(ctypes.CDLL(gpu_memory.LIBRARY), "opened")
    assert gpu_memory.gpu_memory("0") == Use(10, 1000)
    gpu_memory.let_go()
    assert opened.value == 0
    assert gpu_memory.gpu_memory("0") == Use(10, 1000)
    assert opened.value == 1


@pytest.mark.parametrize(("gibibytes", "share"), [(80, 0.93), (8, 0.76), (2, 0.5)])
def test_torch_keeps_below_what_a_worker_is_killed_for(monkeypatch, gibibytes, share):
    kept = []
    properties = SimpleNamespace(total_memory=gibibytes << 30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda.memory, "_lazy_init", lambda: None)
    monkeypatch.setattr(torch._C, "_cuda_setMemoryFraction", lambda *told: kept.append(told), raising=False)
    keep_below_the_watchdog(torch.device("cuda"))
    keep_below_the_watchdog(torch.device("cpu"))
    assert kept == [(pytest.approx(share, abs=0.01), 0)]


def test_a_library_that_does_not_start_is_none(library, monkeypatch):
    monkeypatch.setenv("GPU_BROKEN", "1")
    assert gpu_memory.gpu_memory("0") is None
    gpu_memory.let_go()


def test_no_library_is_none(monkeypatch):
    monkeypatch.setattr(gpu_memory, "LIBRARY", "libthere-is-none.so")
    gpu_memory._library.cache_clear()
    assert gpu_memory.gpu_memory("0") is None
    gpu_memory._library.cache_clear()
