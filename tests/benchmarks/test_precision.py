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
from benchmarks.op_precision import to_bfloat16, to_tf32
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


def rows_of(path):
    return {row.key: row for row in precision.read_rows(path)}


def test_a_way_is_trained_beside_float32_and_what_the_table_has_is_not_trained_again(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(precision, "QUICK", SMOKE)
    table, way = tmp_path / "table.csv", ["op in bfloat16"]
    precision.main(variants=[TEMPLATE], task=["Memorize"], way=way, seeds=1, into=table)
    first = rows_of(table)
    assert [key[2:] for key in first] == [(0, "float32"), (0, "op in bfloat16")]
    table.write_text(table.read_text() + "delta_net,Memorize,1,flo")  # stopped while it wrote
    monkeypatch.setattr(precision, "trained", None)  # nothing is left to be trained
    precision.main(variants=[TEMPLATE], task=["Memorize"], way=way, seeds=1, into=table)
    exact, rounded = first.values()
    assert exact.loss != rounded.loss
    *_, line = capsys.readouterr().out.strip().splitlines()
    variant, task, told, seeds, full, so, difference, *_ = line.strip("| ").split(" | ")
    assert (variant, task, told, seeds) == ("delta_net", "Memorize", "op in bfloat16", "1")
    assert abs(float(so) - float(full) - float(difference)) < 2e-4


def test_only_the_products_of_the_op_are_rounded_and_only_within():
    exact, apart = gradient(), []
    for rounding in (to_tf32, to_bfloat16):
        with precision.op_rounded(rounding):
            apart.append(float((gradient() - exact).norm() / exact.norm()))
    assert 1e-5 < apart[0] < apart[1] / 4  # three bits more
    assert apart[1] < 5e-2
    assert torch.equal(gradient(), exact)
