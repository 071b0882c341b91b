"""Kernels are built once a machine, where no variant runs, and workers have copies of them."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from agent.evaluator import kernel_cache
from agent.evaluator.kernel_cache import KEPT_IN, hand_out_kernels, launch_all
from agent.evaluator.protocols import SMOKE
from agent.evaluator.training.trainer import Training

BUILDS = """
import os, pathlib
kernel = pathlib.Path(os.environ["TRITON_CACHE_DIR"]) / "abc" / "kernel.cubin"
kernel.parent.mkdir()
kernel.write_text("built")
"""

GATE = """
import sys
sys.path.insert(0, ".")
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from agent.kernels import gate_triton

kernel, sizes = gate_triton._gate, {"INNER": 352, "BLOCK": gate_triton.BLOCK}
signature = dict(zip(kernel.arg_names, ["*bf16"] * 2 + ["i32"] + ["constexpr"] * 2, strict=True))
source = ASTSource(kernel, signature=signature, constexprs=sizes)
triton.compile(source, target=GPUTarget("cuda", 90, 32))
"""


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Folders of workers, by a number; the machine's own cache is elsewhere."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for number in range(3):
        (tmp_path / str(number)).mkdir()
    return [tmp_path / str(number) for number in range(3)]


def builder(monkeypatch, program):
    monkeypatch.setattr(kernel_cache, "BUILDER", (sys.executable, "-c", program))


def test_kernels_are_built_once_and_a_worker_changes_its_copies_alone(folders, monkeypatch):
    builder(monkeypatch, BUILDS)
    hand_out_kernels(folders[0], "cuda")
    copy = folders[0] / "abc" / "kernel.cubin"
    assert copy.read_text() == "built"
    copy.write_text("changed by a worker")
    builder(monkeypatch, "raise SystemExit(1)")  # it is not asked again
    hand_out_kernels(folders[1], "cuda")
    assert (folders[1] / "abc" / "kernel.cubin").read_text() == "built"


@pytest.mark.parametrize("program", ["raise SystemExit(1)", BUILDS + "raise SystemExit(1)"])
def test_where_they_cannot_be_built_workers_have_none_and_the_next_evaluation_tries_again(
    folders, monkeypatch, program
):
    builder(monkeypatch, program)
    hand_out_kernels(folders[0], "cuda")
    assert list(folders[0].iterdir()) == []
    builder(monkeypatch, BUILDS)
    hand_out_kernels(folders[1], "cuda")
    assert (folders[1] / "abc").is_dir()


def test_without_a_gpu_nothing_is_built(folders, monkeypatch, tmp_path):
    builder(monkeypatch, BUILDS)
    hand_out_kernels(folders[0], "cpu")
    assert list(folders[0].iterdir()) == []
    assert not (tmp_path / "cache").exists()


def test_other_sources_are_other_kernels(monkeypatch, tmp_path):
    before = kernel_cache._digest()
    (tmp_path / "norm_triton.py").write_text("changed")
    monkeypatch.setattr(kernel_cache.agent.kernels, "__file__", str(tmp_path / "__init__.py"))
    assert kernel_cache._digest() != before


def test_the_builder_takes_steps_and_a_validation_of_each_kind_of_task(monkeypatch):
    """Here on a CPU, where it launches nothing."""
    seen, validate = [], Training.validate

    def watched(training):
        seen.append(
            (training.trainees[0].replica.setting.task, len(training.trainees), len(found := validate(training)))
        )
        return found

    monkeypatch.setattr(Training, "validate", watched)
    launch_all(SMOKE, torch.device("cpu"))
    assert seen == [(task, count, count) for task in kernel_cache.TASKS for count in (1, 2)]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed: pip install triton (Linux only)")
def test_triton_takes_what_is_handed_out_and_builds_nothing_again(folders, monkeypatch):
    builder(monkeypatch, GATE)
    hand_out_kernels(folders[0], "cuda")
    before = {path: path.stat().st_ino for path in folders[0].rglob("*") if path.is_file()}
    assert any(path.suffix == ".cubin" for path in before)
    done = subprocess.run(
        [sys.executable, "-c", GATE], env={**os.environ, KEPT_IN: str(folders[0])}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_ino for path in folders[0].rglob("*") if path.is_file()} == before
