"""The known variants measured again: what is missing, in which order, what survives a kill, and what the page says."""

import subprocess
import sys
import time
from dataclasses import replace

import pytest
from house import ROOT
from small_evaluations import alive, running

from agent.core.baselines import BASELINES, TEMPLATE, reference_scores
from agent.core.errors import UsageError
from agent.core.resources import MEASURED
from agent.core.score import SeedScore
from agent.evaluator.executor.local import local_executor
from agent.evaluator.protocols import MAD, SMOKE
from agent.evaluator.training.stack import stacks
from agent.study.cells import cells_of
from agent.study.measuring import measure
from agent.study.page import EXPLAINED, page
from agent.study.pieces import missing_pieces, settings_of
from agent.study.rows import Row, Table, kept

SECONDS = 1200.0  # against hanging only
DOCS = ROOT / "docs"


def row(setting, seed=0, macro=0.5, variant=TEMPLATE, protocol=MAD):
    score = SeedScore(setting.task, setting.label, seed, macro, macro, macro, 1e-3, 0.0, "finished", 10, 10)
    fingerprint = protocol.setting_fingerprint(setting)
    return Row(
        variant, setting.task, setting.label, seed, None if macro is None else score, 1.0, fingerprint, 1, "cpu", "x 1"
    )


def rows_of_task(task, macros, variant=TEMPLATE):
    """A row for each macro accuracy in each setting of a task of mad, one seed each."""
    settings = [setting for setting in settings_of(MAD) if setting.task == task]
    return [row(setting, seed, macro, variant) for setting in settings for seed, macro in enumerate(macros)]


# What is missing


def test_on_a_cpu_a_piece_is_one_seed_and_first_seeds_come_first_the_cheapest_of_them_foremost():
    pieces = missing_pieces(MAD.only(("Memorize",)), BASELINES[:2], set(), "cpu")
    order = [(piece.grids[0][1], piece.grids[0][0].vocab, piece.variant) for piece in pieces]
    vocabs = (256, 512, 1024, 2048, 4096, 8192)
    assert order == [(seed, vocab, variant) for seed in range(5) for vocab in vocabs for variant in BASELINES[:2]]
    assert all(len(piece.grids) == 1 for piece in pieces)


def test_on_a_gpu_a_piece_is_what_trains_as_one_stack():
    pieces = missing_pieces(MAD, BASELINES[:1], set(), "cuda")
    assert [len(stacks(piece.protocol, "cuda")) for piece in pieces] == [1] * len(pieces)
    assert len(pieces) < 66
    assert sorted(r.key for p in pieces for r in p.replicas) == sorted(r.key for r in MAD.replicas())


def test_the_cost_is_that_of_all_tokens_trained_and_validated_on():
    pieces = missing_pieces(MAD.only(("Memorize",)), BASELINES[:1], set(), "cpu")
    trained = 4.4e13  # 400 steps of 128 sequences of 32 tokens in each of the six networks, at 6 a weight
    validated = trained * (200 * 1280) / (400 * 128) / 3
    cost = sum(piece.cost for piece in pieces if piece.grids[0][1] == 0)
    assert cost == pytest.approx(trained + validated, rel=0.02)


def test_only_what_no_row_of_this_protocol_says_is_missing():
    settings = settings_of(MAD.only(("Memorize",)))
    measured = {row(settings[0], seed).key for seed in range(5)} | {row(settings[1], 0).key}
    other = replace(MAD, width=64)
    measured |= {row(settings[2], 0, protocol=other).key}
    missing = missing_pieces(MAD.only(("Memorize",)), [TEMPLATE], measured, "cpu")
    grids = {grid for piece in missing for grid in piece.grids}
    assert grids == {(s, seed) for s in settings for seed in range(5)} - {
        *((settings[0], seed) for seed in range(5)), (settings[1], 0)
    }  # fmt: skip


# What is kept


def test_rows_are_read_as_they_were_added_and_a_torn_end_is_replaced(tmp_path):
    table = Table(tmp_path / "mad.csv")
    rows = [*rows_of_task("Memorize", [0.25, None]), row(settings_of(MAD)[0])]
    table.add(rows[:3])
    with table.path.open("a") as file:
        file.write("delta_net_4layer,Memorize,Memo")
    assert table.rows() == rows[:3]
    table.add(rows[3:])
    assert table.rows() == rows


def test_nothing_counts_twice(tmp_path):
    table = Table(tmp_path / "mad.csv")
    table.add([row(settings_of(MAD)[0])])
    with pytest.raises(ValueError, match="already"):
        table.add([row(settings_of(MAD)[0], macro=0.9)])
    with (
        kept(tmp_path / "mad.csv"),
        pytest.raises(UsageError, match="another process"),
        kept(tmp_path / "mad.csv"),
    ):
        pass


def seed_table(folder):
    command = [sys.executable, "-m", "agent.study", "table", "--protocol", "smoke", "--folder", str(folder)]
    return [*command, "--variant", "delta_net", "--task", "Memorize", "--task", "Compress", "--places", "1"]


@pytest.mark.slow
def test_killed_at_any_time_it_goes_on_where_it_was(tmp_path):
    table = Table(tmp_path / "smoke.csv")
    killed = subprocess.Popen(seed_table(tmp_path), start_new_session=True)
    deadline = time.monotonic() + SECONDS
    while not table.rows() and time.monotonic() < deadline:
        time.sleep(0.05)
    with_it = running(killed.pid)
    killed.kill()
    killed.wait()
    first = table.path.read_bytes()
    assert len(table.rows()) == 2
    while any(alive(pid) for pid in with_it) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in with_it)

    subprocess.run(seed_table(tmp_path), check=True, timeout=SECONDS)
    assert table.path.read_bytes().startswith(first)
    assert [(row.task, row.seed) for row in table.rows()] == [
        ("Memorize", 0), ("Memorize", 1), ("Compress", 0), ("Compress", 1)
    ]  # fmt: skip
    assert "2 of 72 cells are measured" in (tmp_path / "seed_table.md").read_text()


@pytest.mark.slow
def test_that_a_seed_diverged_is_kept_and_of_several_together_each_is_tried_alone(tmp_path):
    plan = replace(SMOKE.only(("Memorize",)).plans[0], learning_rates=(1e30,))
    protocol = replace(SMOKE, plans=(plan,))
    table, said = Table(tmp_path / "wild.csv"), []
    with local_executor("cpu", 1) as executor:
        measure(table, protocol, [TEMPLATE], executor, None, said.append)
        assert [(row.seed, row.score) for row in table.rows()] == [(0, None), (1, None)]
        measure(table, protocol, [TEMPLATE], executor, None, said.append)
    assert said[-1] == "0 pieces are missing"


# What the page says


def test_a_cell_is_measured_once_all_its_settings_are_and_no_number_is_taken_from_the_known_scores():
    rows = rows_of_task("Memorize", [0.3, 0.4])
    for count, measured in ((len(rows), True), (len(rows) - 2, False), (0, False)):
        cells = {(cell.variant, cell.task): cell for cell in cells_of(MAD, rows[:count])}
        assert len(cells) == 72
        assert cells[TEMPLATE, "Memorize"].measured is measured
        assert sum(cell.measured for cell in cells.values()) == measured
        known = reference_scores()[TEMPLATE]["Memorize"]
        assert (f"0.350 / {known:.3f}" in page(MAD, rows[:count])) is measured
        assert (f"· / {known:.3f}" in page(MAD, rows[:count])) is not measured
    assert "5 of 6" in page(MAD, rows[:-2])


def test_a_row_of_another_protocol_is_not_on_the_page_but_counted():
    rows, other = rows_of_task("Memorize", [0.3]), replace(MAD, width=64)
    void = f"\n{len(rows)} rows of an earlier edition or of another protocol count for nothing here."
    assert void in page(other, rows)
    assert page(other, rows).replace(void, "") == page(other, [])
    assert "count for nothing" not in page(MAD, rows)


def verdict_line(rows):
    (line,) = [line for line in page(MAD, rows).splitlines() if f"{TEMPLATE} | Memorize |" in line]
    return line.split("|")[-2].strip()


def test_differences_are_judged_against_the_spread_of_our_own_seeds(monkeypatch):
    known = reference_scores()[TEMPLATE]["Memorize"]
    around = (-0.02, 0.0, 0.02)
    assert verdict_line(rows_of_task("Memorize", [known + step + 0.01 for step in around])) == "within the noise"
    assert verdict_line(rows_of_task("Memorize", [known + step + 0.3 for step in around])) == "higher: open"
    assert verdict_line(rows_of_task("Memorize", [known + step - 0.3 for step in around])) == "lower: open"
    assert verdict_line(rows_of_task("Memorize", [known + 0.3])).startswith("not judged")
    monkeypatch.setitem(EXPLAINED, (TEMPLATE, "Memorize"), "for a reason")
    assert verdict_line(rows_of_task("Memorize", [known + step + 0.3 for step in around])) == "higher: for a reason"


def test_the_shipped_page_is_made_of_the_shipped_rows():
    rows = Table(MEASURED / "mad.csv").rows()
    assert rows
    assert (DOCS / "seed_table.md").read_text() == page(MAD, rows)
