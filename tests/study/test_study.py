"""The study of a protocol: what it keeps of a score card, and what it makes of the kept rows."""

import csv
from collections import Counter
from dataclasses import replace
from statistics import stdev

import pytest

from agent.core.baselines import BASELINES, reference_scores
from agent.core.resources import MEASURED
from agent.core.score import ScoreCard, SeedScore, Speed, TaskScore
from agent.evaluator.protocols import QUICK, SMOKE
from agent.science.noise import read_noise
from agent.study import __main__ as study


def card(scores: dict[str, list[float]]) -> ScoreCard:
    """A card with one setting a task and these macro accuracies of its seeds."""
    tasks = {
        task: TaskScore(
            task,
            tuple(
                SeedScore(task, f"{task} V8", seed, macro, macro, macro, 1e-3, 0.0, "finished", 10, 10)
                for seed, macro in enumerate(values)
            ),
        )
        for task, values in scores.items()
    }
    return ScoreCard(
        "quick", QUICK.fingerprint, tasks, 1, 1, Speed(1.0, 1.0), "cpu", {"python": "3", "torch": "2"}, 1, 1.0
    )


def rows_that_repeat_the_reference() -> list[dict[str, str]]:
    return [
        {key: str(value) for key, value in row.items()}
        for name, scores in reference_scores().items()
        for row in study.seed_rows(name, card({task: [score] for task, score in scores.items()}), QUICK)
    ]


def test_rows_are_kept_for_their_own_protocol_only(tmp_path):
    path = tmp_path / "quick.csv"
    study.write_rows(path, rows_that_repeat_the_reference())

    assert study.read_rows(path, QUICK) == rows_that_repeat_the_reference()
    assert study.read_rows(path, replace(QUICK, width=32)) == []
    assert study.read_rows(path, SMOKE) == []


def test_a_row_holds_while_its_own_task_is_measured_alike(tmp_path):
    """Another design of one task costs the measurements of that task alone."""
    path = tmp_path / "quick.csv"
    study.write_rows(path, rows_that_repeat_the_reference())
    plans = [replace(plan, seeds=9) if plan.settings[0].task == "Memorize" else plan for plan in QUICK.plans]
    redesigned = replace(QUICK, plans=tuple(plans))

    kept = study.read_rows(path, redesigned)

    assert Counter(row["task"] for row in kept) == {task: 12 for task in QUICK.tasks if task != "Memorize"}
    assert {row["fingerprint"] for row in kept} == {redesigned.fingerprint}


def test_the_table_is_gone_on_with_where_it_was_stopped(tmp_path, monkeypatch):
    """One variant, two tiny tasks; one of them is measured already, with a score that nothing can have."""
    tiny = replace(SMOKE.only(("Compress", "Selective Copy")), name="tiny")
    monkeypatch.setattr(study, "MEASURED", tmp_path)
    monkeypatch.setattr(study, "BASELINES", BASELINES[:1])
    monkeypatch.setattr(study, "choose_protocol", lambda name, device: tiny)
    measured = study.seed_rows(BASELINES[0], card({"Compress": [2.0, 2.0]}), tiny)
    study.write_rows(tmp_path / "tiny.csv", measured)

    study.table("tiny")

    rows = study.read_rows(tmp_path / "tiny.csv", tiny)
    assert Counter(row["task"] for row in rows) == {"Compress": 2, "Selective Copy": 2}
    assert [row["macro"] for row in rows if row["task"] == "Compress"] == ["2.000000"] * 2
    assert all(0 <= float(row["macro"]) <= 1 for row in rows if row["task"] == "Selective Copy")


def test_a_task_is_the_mean_over_settings_of_the_mean_over_seeds():
    rows = study.seed_rows(BASELINES[0], card({"Compress": [0.2, 0.4]}), QUICK)
    rows += [{**rows[0], "setting": "another", "macro": "0.9"}]

    scores = study.task_scores([{key: str(value) for key, value in row.items()} for row in rows])

    assert scores.loc[BASELINES[0], "Compress"] == pytest.approx((0.3 + 0.9) / 2)


def test_agreement_of_the_reference_with_itself_is_one_and_reversed_minus_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(study, "MEASURED", tmp_path)
    rows = rows_that_repeat_the_reference()
    study.write_rows(tmp_path / "quick.csv", rows)
    study.agreement("quick")
    assert capsys.readouterr().out.splitlines()[-2].count("1.000") == 7

    study.write_rows(tmp_path / "quick.csv", [row | {"macro": str(1 - float(row["macro"]))} for row in rows])
    study.agreement("quick")
    assert capsys.readouterr().out.splitlines()[-2].count("-1.000") == 7


def test_noise_is_the_standard_deviation_over_seeds():
    (row,) = study.noise_rows(card({"Memorize": [0.1, 0.2, 0.6]}), QUICK)

    assert float(row["std"]) == pytest.approx(stdev([0.1, 0.2, 0.6]), abs=1e-6)
    assert row["seeds"] == 3
    assert row["fingerprint"] == QUICK.fingerprint


def test_the_shipped_measurements_are_of_the_shipped_quick_protocol():
    settings = {setting.label for plan in QUICK.plans for setting in plan.settings}
    noise = read_noise(QUICK.fingerprint)
    assert set(noise) == settings
    assert all(measured.seeds >= 10 for measured in noise.values())

    with (MEASURED / "quick.csv").open(newline="") as file:
        measured = list(csv.DictReader(file))
    assert {row["fingerprint"] for row in measured} == {QUICK.fingerprint}
    assert {row["variant"] for row in measured} == set(BASELINES)
    assert {row["setting"] for row in measured} == settings

    assert len(study.read_rows(MEASURED / "quick.csv", QUICK)) == len(measured)
    assert {row["setting"] for row in study.read_rows(MEASURED / "quick_noise.csv", QUICK)} == settings


def test_rows_of_an_older_shape_are_left_behind(tmp_path):
    (tmp_path / "quick.csv").write_text(f"setting,std,fingerprint\nCompress V8,0.1,{QUICK.fingerprint}\n")
    assert study.read_rows(tmp_path / "quick.csv", QUICK) == []
