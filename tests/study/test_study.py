"""The study of a protocol: its noise, its agreement with the known scores, and the measurements that are shipped."""

import hashlib
import random
from collections import Counter
from dataclasses import replace
from math import log
from statistics import stdev

import pytest

from agent.core.baselines import BASELINES, GATED, TEMPLATE, control_paths, reference_scores
from agent.core.errors import UsageError
from agent.core.resources import MEASURED
from agent.core.score import LongerTest, PairsTest, SeedScore
from agent.evaluator.protocols import MAD, QUICK, SMOKE
from agent.science import noise
from agent.science.measure import LOG_ODDS, MACRO
from agent.science.noise import noise_table, read_noise
from agent.study import __main__ as study
from agent.study import measuring_verbs
from agent.study.agreement import WITHOUT, agreement_of
from agent.study.cells import one_seed_scores, task_scores
from agent.study.pieces import missing_pieces, settings_of
from agent.study.rows import Row, Table

# What was measured under each protocol, as it stood in the CSV of two formats that baselines/measured/ held before:
# the digest of every row's variant, setting, seed, scores, ending and steps.
MEASURED_BEFORE = {"mad": (104, "7ff1db7a38a792f8")}


def row(variant, setting, seed, macro, protocol=QUICK):
    score = SeedScore(setting.task, setting.label, seed, macro, macro, macro, 2e-3, 0.0, "finished", 10, 10)
    fingerprint = protocol.setting_fingerprint(setting)
    return Row(variant, setting.task, setting.label, seed, score, None, fingerprint, 1, "cpu", "x 1")


def rows_with(score_of):
    """Every seed of `quick` with what `score_of` makes of a known score."""
    return [
        row(variant, replica.setting, replica.seed, score_of(scores.get(replica.setting.task, 0.5)))
        for variant, scores in reference_scores().items()
        for replica in QUICK.replicas()
    ]


def table_of(folder, rows):
    Table(folder / "quick.csv").add(rows)
    return folder


def test_agreement_of_the_reference_with_itself_is_one_and_reversed_minus_one(tmp_path, capsys):
    for name, score_of, expected in (("same", lambda known: known, "1.000"), ("other", lambda known: -known, "-1.000")):
        (tmp_path / name).mkdir()
        study.agreement("quick", table_of(tmp_path / name, rows_with(score_of)))
        measured, redrawn = (line.split(" | ")[1:] for line in capsys.readouterr().out.splitlines()[-3:-1])
        assert measured == [*[expected] * 7, f"{expected} |"]
        assert redrawn == [*[f"{expected} to {expected}"] * 7, f"{expected} to {expected} |"]  # every seed is the same


def test_the_interval_of_an_agreement_holds_what_other_seeds_would_say():
    """Where the seeds of a variant differ as much as the variants, the order may turn; where they do not, it stays."""
    generator = random.Random(0)
    for spread, turns in ((0.0, False), (0.2, True)):
        noisy = [
            replace(row, score=replace(row.score, macro=row.score.macro + generator.gauss(0, spread)))
            for row in rows_with(lambda known: known)
        ]
        found = agreement_of(QUICK, noisy, task_scores(QUICK, noisy, BASELINES))
        assert found.found.keys() == found.interval.keys() == {*QUICK.tasks, "average", WITHOUT}
        low, high = found.interval["Context Recall"]
        assert (high - low > 0.1) == turns
        assert low <= found.found["Context Recall"] <= high


def test_agreement_is_of_the_tasks_that_every_variant_has(tmp_path, capsys):
    rows = [row for row in rows_with(lambda known: known) if row.task == "Memorize" or row.variant == TEMPLATE]
    study.agreement("quick", table_of(tmp_path, rows))
    assert capsys.readouterr().out.splitlines()[0] == "| variant | Memorize |"
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UsageError, match="table --protocol quick"):
        study.agreement("quick", tmp_path / "nothing")


def test_a_task_is_the_mean_over_the_seeds_of_the_protocol_and_others_do_not_count():
    (setting,) = (setting for setting in settings_of(QUICK) if setting.task == "Compress")
    rows = [row(TEMPLATE, setting, seed, macro) for seed, macro in enumerate((0.2, 0.8, 5.0))]
    assert QUICK.only(("Compress",)).plans[0].seeds == 2
    assert task_scores(QUICK, rows, BASELINES).loc[TEMPLATE].to_dict() == {"Compress": pytest.approx(0.5)}


def test_a_row_holds_while_its_own_setting_is_trained_alike():
    """Another design of one task costs the measurements of that task alone; a further seed costs none."""
    rows = rows_with(lambda known: known)
    plans = [replace(plan, epochs=9) if plan.settings[0].task == "Memorize" else plan for plan in QUICK.plans]
    redesigned = replace(QUICK, plans=tuple(plans))
    missing = missing_pieces(redesigned, BASELINES, {row.key for row in rows}, "cpu")
    assert {setting.task for piece in missing for setting, _ in piece.grids} == {"Memorize"}
    assert set(task_scores(redesigned, rows, BASELINES).columns) == {*QUICK.tasks} - {"Memorize"}
    more = replace(QUICK, plans=tuple(replace(plan, seeds=plan.seeds + 1) for plan in QUICK.plans))
    missing = missing_pieces(more, BASELINES[:1], {row.key for row in rows}, "cpu")
    assert Counter(seed for piece in missing for _, seed in piece.grids) == Counter(plan.seeds for plan in QUICK.plans)


def test_the_seeds_of_a_small_setting_are_one_piece_and_those_of_a_large_one_many():
    quick = missing_pieces(QUICK, BASELINES[:1], set(), "cpu")
    assert len(quick) == len(QUICK.plans)
    assert all(len({setting for setting, _ in piece.grids}) == 1 for piece in quick)
    large = missing_pieces(MAD.only(("Memorize",)), BASELINES[:1], set(), "cpu")
    assert all(len(piece.grids) == 1 for piece in large)


def test_noise_is_the_standard_deviation_over_the_seeds_of_the_template(tmp_path, monkeypatch):
    (setting,) = (setting for setting in settings_of(QUICK) if setting.task == "Memorize")
    rows = [row(TEMPLATE, setting, seed, macro) for seed, macro in enumerate((0.1, 0.2, 0.6))]
    scores = one_seed_scores(QUICK, [*rows, row(BASELINES[1], setting, 0, 0.9)])
    assert scores.pop(setting.label) == [0.1, 0.2, 0.6]
    assert not any(scores.values())
    (odds,) = (found for found in one_seed_scores(QUICK, rows, LOG_ODDS).values() if found)
    assert odds == pytest.approx([log(0.1 / 0.9), log(0.2 / 0.8), log(0.6 / 0.4)])
    (tmp_path / "quick_noise.csv").write_text(noise_table(QUICK.fingerprint, (MACRO, {setting.label: [0.1, 0.2, 0.6]})))
    monkeypatch.setattr(noise, "MEASURED", tmp_path)
    (found,) = read_noise(QUICK.fingerprint).items()
    assert found[0] == setting.label
    assert found[1].std == pytest.approx(stdev([0.1, 0.2, 0.6]), abs=1e-6)
    assert found[1].seeds == 3


def test_noise_is_measured_on_the_seeds_that_are_not_there_yet(tmp_path, monkeypatch):
    """Tiny tasks; one of them has its first seed already, with a score that nothing can have."""
    tiny = replace(SMOKE.only(("Compress", "Selective Copy")), name="tiny")
    monkeypatch.setattr(measuring_verbs, "choose_protocol", lambda name, device: tiny)
    compress, copy = settings_of(tiny)
    Table(tmp_path / "tiny.csv").add([row(TEMPLATE, compress, 0, 7.0, tiny)])

    study.noise("tiny", 2, tmp_path)

    rows = Table(tmp_path / "tiny.csv").rows()
    assert all(row.score.longer for row in rows if row.task == "Selective Copy")
    assert Counter((row.variant, row.task) for row in rows) == {
        (TEMPLATE, "Compress"): 2, (TEMPLATE, "Selective Copy"): 2
    }  # fmt: skip
    monkeypatch.setattr(noise, "MEASURED", tmp_path)
    assert read_noise(tiny.fingerprint).keys() == {compress.label, copy.label, f"{copy.label} at 2 times"}
    assert all(found.log_odds for found in read_noise(tiny.fingerprint).values())
    assert read_noise(tiny.fingerprint)[compress.label].std > 4


@pytest.mark.skipif(not read_noise(QUICK.fingerprint), reason="quick was not measured yet as it is now")
def test_the_shipped_measurements_are_of_the_shipped_quick_protocol():
    settings = {setting.label for setting in settings_of(QUICK)}
    longer = {f"{setting.label} at 8 times" for setting in settings_of(QUICK) if setting.lengthens}
    assert set(read_noise(QUICK.fingerprint)) == settings | longer
    assert all(measured.seeds >= 10 for measured in read_noise(QUICK.fingerprint).values())
    rows = Table(MEASURED / "quick.csv").rows()
    whole = [TEMPLATE, GATED, *control_paths()]
    assert missing_pieces(QUICK, whole, {row.key for row in rows}, "cpu") == []
    assert {row.fingerprint for row in rows} == {QUICK.setting_fingerprint(setting) for setting in settings_of(QUICK)}
    assert task_scores(QUICK, rows, whole).shape == (len(whole), 7)


@pytest.mark.parametrize("name", MEASURED_BEFORE)
def test_no_digit_was_lost_when_two_formats_became_one(name):
    count, digest = MEASURED_BEFORE[name]
    rows = Table(MEASURED / f"{name}.csv").rows()[:count]
    lines = []
    for row in rows:
        found = row.score
        scores = ",".join(f"{score:.6f}" for score in (found.macro, found.micro, found.macro_last))
        lines.append(f"{row.variant},{row.setting},{row.seed},{scores},{found.ending},{found.best_step},{found.steps}")
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16] == digest


def test_a_table_of_an_earlier_version_is_read_and_has_the_new_column_once_it_is_added_to(tmp_path):
    rows = rows_with(lambda known: known)
    pairs = PairsTest(4, 1.0, 1.0), PairsTest(64, 0.25, 0.375)
    longer = replace(rows[1].score, longer=(LongerTest(2, 0.25, 0.5), LongerTest(8, 0.1, 0.125)), pairs=pairs)
    table = Table(tmp_path / "quick.csv")
    table.add(rows[:1])
    lines = [line.rpartition(",")[0] for line in table.path.read_text().splitlines()]
    table.path.write_text("\n".join([*lines, ""]))
    assert table.rows() == rows[:1]
    table.add([replace(rows[1], score=longer)])
    assert table.rows() == [rows[0], replace(rows[1], score=longer)]


def test_what_is_read_is_written_again_to_the_letter(tmp_path):
    for name in MEASURED_BEFORE:
        rows = Table(MEASURED / f"{name}.csv").rows()
        Table(tmp_path / f"{name}.csv").add(rows)
        assert (tmp_path / f"{name}.csv").read_text() == (MEASURED / f"{name}.csv").read_text()
