"""What multiplies in bfloat16, and the study of what that costs."""

import torch
from small_replicas import CPU, recall

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.probes.controls import with_controls
from agent.evaluator.protocols import QUICK, SMOKE
from agent.evaluator.tasks.draw import draw
from agent.evaluator.training.stack import IN_BFLOAT16
from agent.evaluator.training.trainer import Training
from benchmarks import precision
from benchmarks.ways import first_gradient


def gradient():
    replicas = [next(QUICK.only(("Context Recall",)).replicas())]
    return first_gradient(Training(replicas, load_variant(baseline_path(TEMPLATE)), QUICK, CPU))


def test_a_gpu_multiplies_in_bfloat16_and_a_cpu_where_it_is_to_show_what_that_costs():
    exact = gradient()
    with precision.in_bfloat16("cpu"):
        rounded = gradient()
    apart = float((rounded - exact).norm() / exact.norm())
    assert 1e-3 < apart < 5e-2
    assert torch.equal(gradient(), exact)
    assert "cpu" not in IN_BFLOAT16


def test_what_tips_between_a_sequence_and_its_copy_is_counted():
    test = draw(recall(), 40, split="test", seed=0, world=0, device="cpu")
    controlled = with_controls(test, 0, whole=False)
    honest = controlled.inputs.clone()
    changed, compared = controlled.changed(honest)
    assert changed == 0
    assert compared > 0
    row, cut = int(controlled.places[controlled.tests]), int(controlled.cuts[0])
    honest[row, cut - 1] += 1
    honest[row, cut:] += 1  # what comes after the cut may differ
    assert controlled.changed(honest) == (1, compared)


def test_both_ways_are_trained_and_shown_beside_each_other(monkeypatch, capsys):
    monkeypatch.setattr(precision, "QUICK", SMOKE.only(("Memorize",)))
    precision.main(seeds=2)
    *_, line = capsys.readouterr().out.strip().splitlines()
    task, full, reduced, difference, error, *tipped = line.strip("| ").split(" | ")
    assert task == "Memorize"
    assert abs(float(reduced) - float(full) - float(difference)) < 2e-4
    assert full != reduced
    assert float(error) > 0
    assert [words.split(" of ")[0] for words in tipped] == ["0", "0"]
