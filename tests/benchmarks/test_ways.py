"""The ways of taking a step that a GPU may gain by, as far as they can be tried without one."""

import shutil
import sys
from contextlib import contextmanager, nullcontext
from types import ModuleType, SimpleNamespace
from unittest import mock

import pytest
import torch
from sample_inputs import assert_same
from small_replicas import CPU, NARROW, compress, memorize, recall, replica

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.calls import sample_call
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.training.trainer import Training
from agent.kernels import triangular
from agent.kernels.fused import FOUND, Fused
from benchmarks import card
from benchmarks.ways import captured, compiled, eagerly
from templates.recurrence import delta_rule_recurrent


def training(setting):
    alike = [replica(setting, seed=seed) for seed in (0, 1)]
    return Training(alike, load_variant(baseline_path(TEMPLATE)), NARROW, CPU)


def rows_after(trained, steps=3):
    """Where the weights stand after some steps. 40 examples are two batches of 16 and a part of one."""
    for _ in range(steps):
        trained.step()
    return trained.stack.rows


@contextmanager
def pretended_cuda(recording):
    """What CUDA offers for recording, on a CPU: whatever is recorded is simply done."""
    stream = SimpleNamespace(wait_stream=lambda other: None)
    with mock.patch.multiple(
        torch.cuda,
        Stream=lambda: stream,
        current_stream=lambda: stream,
        stream=nullcontext,
        graph=nullcontext,
        CUDAGraph=recording,
    ):
        yield


@pytest.mark.parametrize("setting", [recall(), memorize(), compress()], ids=lambda setting: setting.task)
def test_what_is_recorded_once_reads_each_batch_and_the_weights_as_they_move(setting):
    trained = training(setting)
    captured(trained)
    capture, asked = trained.gradient, trained.batches.examples.asked
    recordings = []

    class Recording:
        """A replay takes the gradient again of what then lies where the batch lay, and leaves it where it was left."""

        def __init__(self):
            recordings.append(self)

        def replay(self):
            for place, fresh in zip(capture.result, capture.gradient(capture.batch, asked), strict=True):
                place.copy_(fresh)

    with pretended_cuda(Recording):
        rows = rows_after(trained)
    assert len(recordings) == 1
    assert_same(rows, rows_after(training(setting)), 0)


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on a CPU: apt-get install g++"
)
def test_the_whole_step_compiles_and_trains_alike():
    torch.compiler.reset()
    unbroken = torch.compile
    with mock.patch.object(torch, "compile", lambda f, **options: unbroken(f, fullgraph=True, **options)):
        compiled(trained := training(recall()))
        rows = rows_after(trained)
    assert_same(rows, rows_after(training(recall())), 1e-5)


@pytest.mark.slow
def test_a_compiler_finds_the_kernels_that_were_tried_before():
    kernels = SimpleNamespace(invert=triangular.invert, invert_backward=triangular.invert_backward)

    def inverse(matrices):
        return triangular.UnitLowerInverse.apply(matrices, triangular.fused_inverse(matrices.device).kernels)

    matrices = torch.rand(2, 4, 4, generator=torch.Generator().manual_seed(0))
    with mock.patch.dict(FOUND, {("triangular_triton", CPU): Fused(kernels, "pretended")}):
        torch.compiler.reset()
        found = torch.compile(inverse, fullgraph=True, backend="aot_eager")(matrices)
    assert_same(found, triangular.invert(matrices), 1e-6)


def test_the_other_layers_op_is_called_with_its_own_layout(monkeypatch):
    seen = []

    def chunk_delta_rule(q, k, v, beta, use_qk_l2norm_in_kernel, output_final_state):
        assert use_qk_l2norm_in_kernel
        assert output_final_state
        seen.append((q.dtype, tuple(q.shape), tuple(beta.shape)))
        o, state = delta_rule_recurrent(*(x.float().transpose(1, 2) for x in (q, k, v, beta)))
        return o.transpose(1, 2).bfloat16(), state

    for name in ("fla", "fla.ops", "fla.ops.delta_rule"):
        module = ModuleType(name)
        module.__spec__ = SimpleNamespace()
        monkeypatch.setitem(sys.modules, name, module)
    sys.modules["fla.ops.delta_rule"].chunk_delta_rule = chunk_delta_rule

    variant = load_variant(baseline_path(TEMPLATE))
    call = sample_call(variant.declaration, NARROW, 2, 7, CPU)
    theirs, _ = card.fused_delta_rule()(*call.positional)
    ours, _ = variant.op(*call.positional, chunk_size=4)
    assert seen == [(torch.bfloat16, (2, 7, 1, 16), (2, 7, 1))]
    assert theirs.dtype == torch.float32
    assert_same(theirs, ours, 0.05)


@pytest.mark.slow
def test_the_ways_are_timed_beside_each_other_and_what_fails_is_said(monkeypatch, capsys):
    def fails(trained):
        raise RuntimeError("no such thing here\nin many words")

    def wrong(trained):
        take = trained.gradient
        trained.gradient = lambda batch, asked: (take(batch, asked)[0], 2 * take(batch, asked)[1])

    def no_number(trained):
        take = trained.gradient
        trained.gradient = lambda batch, asked: (take(batch, asked)[0], torch.nan * take(batch, asked)[1])

    monkeypatch.setattr(card, "WAYS", {"eager": eagerly, "fails": fails, "wrong": wrong, "none": no_number})
    monkeypatch.setattr(card, "MAD", card.replace(card.MAD, width=16, inner=24))
    monkeypatch.setattr(card, "STEPS", 1)
    monkeypatch.setattr(card, "MATRICES", (8,))
    card.steps(load_variant(baseline_path(TEMPLATE)), 8, 2, CPU)
    monkeypatch.setattr(card, "SEQUENCES", (8,))
    card.inverses(CPU)
    card.convolutions(CPU)
    card.products(CPU)
    monkeypatch.setattr(card, "WAYS", {"fails": fails})
    card.steps(load_variant(baseline_path(TEMPLATE)), 8, 2, CPU)  # nothing is left to time
    shown = capsys.readouterr().out
    assert "fails does not work here: RuntimeError: no such thing here\n" in shown
    assert "wrong computes another gradient: 1.0e+00 apart" in shown
    assert "none computes another gradient: nan apart" in shown
    assert "49 rows" in shown
    assert "64 rows" in shown
    assert "convolution and SiLU, batch 128, length 8" in shown
    assert "1 steps, length 8, 2 stacked" in shown
    assert "(1.00x)" in shown
    assert "plain" in shown


@pytest.mark.skipif(torch.cuda.is_available(), reason="here there is a GPU")
def test_without_a_gpu_that_part_is_left_out(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["card", "32", "128"])
    card.main()
    assert "left out" in capsys.readouterr().out


def test_a_length_that_the_card_does_not_measure_is_named(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["card", "32", "33"])
    with pytest.raises(SystemExit, match="no stack of length 33: 32, 128, 512"):
        card.main()
