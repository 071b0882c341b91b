"""Simulated nights around scripted models: the truth is known, the choice of what is asked is the project's own."""

from random import Random

import pytest
from made_up_measurements import made_up_measurements

from agent.core.score import MAD_TASKS
from agent.evaluator.protocols import QUICK
from agent.proposer.kinds import AIM, COMBINE, LEAP, SIMPLIFY, Request
from agent.science.history import History
from agent.study import __main__ as study
from agent.study.dialogues import (
    MOST,
    SKILLS,
    TOGETHER,
    WAYS,
    Dialogue,
    ScriptedModel,
    TaskTruth,
    _scored,
    night,
    table_of_dialogues,
    task_truth,
)
from agent.study.synthetic import synthetic

with made_up_measurements():
    EVALUATOR = synthetic(QUICK)
PLANTED = task_truth("planted", MAD_TASKS, Random(1))
PLAIN = task_truth("plain", MAD_TASKS, Random(1))


def test_the_planted_pair_is_worth_little_alone_and_much_together():
    one, other = sorted(PLANTED.pair)
    alone = [PLANTED.average(frozenset({move})) for move in (one, other)]
    assert alone == pytest.approx([0.0, 0.0], abs=1e-9)
    assert PLANTED.average(PLANTED.pair) == pytest.approx(TOGETHER)
    assert PLANTED.best() > TOGETHER
    assert not PLAIN.pair


def test_the_best_is_no_worse_than_any_variant():
    draw = Random(2)
    for really in (PLANTED, PLAIN):
        for _ in range(300):
            assert (
                really.average(frozenset(draw.sample(sorted(really.effects), draw.randint(0, MOST)))) <= really.best()
            )


def run(number, *moves, really=PLAIN, parents=()):
    return _scored(number, frozenset(moves), parents, "", really, EVALUATOR)


def test_each_kind_of_request_is_answered_in_its_own_way():
    one, two = run(1, "m01", "m02", "m03"), run(2, "m03", "m04")
    history = History((run(0), one, two), EVALUATOR.noise)
    for skill in SKILLS:
        model = ScriptedModel(skill, PLAIN, 0)
        asked = {kind: model.answer(history, Request(one, kind, two, "Memorize"), Random(3))
                 for kind in (COMBINE, SIMPLIFY, LEAP, AIM)}  # fmt: skip
        assert asked[COMBINE] == {"m01", "m02", "m03", "m04"}
        assert asked[SIMPLIFY] < {"m01", "m02", "m03"}
        assert len(asked[SIMPLIFY]) == 2
        assert len(asked[LEAP]) == 2 or skill == "greedy"  # whose leaps soon end where it was before
        assert asked[AIM] > {"m01", "m02", "m03"}


def test_what_was_tried_is_not_answered_again():
    tried = run(1, "m01", "m02"), run(2, "m01"), run(3, "m02")
    history = History((run(0), *tried), EVALUATOR.noise)
    answer = ScriptedModel("good", PLAIN, 0).answer(history, Request(tried[0], SIMPLIFY), Random(0))
    assert answer not in ({"m01"}, {"m02"}, {"m01", "m02"}, set())


def test_a_good_model_is_better_than_a_random_one_where_moves_add_up():
    regret = {
        skill: sum(night(EVALUATOR, 10, "plain", skill, "best alone", seed).regret for seed in range(6))
        for skill in ("good", "random")
    }
    assert regret["good"] < regret["random"]


@pytest.mark.parametrize("way", WAYS)
def test_the_same_seed_gives_the_same_night(way):
    first = night(EVALUATOR, 6, "planted", "greedy", way, 3)
    assert first == night(EVALUATOR, 6, "planted", "greedy", way, 3)
    assert first.regret >= 0
    assert first.found is None or 1 <= first.found <= 6


def test_the_table_compares_the_nights_of_a_seed():
    nights = [Dialogue("planted", "good", "best alone", 0.3, None), Dialogue("planted", "good", "best alone", 0.5, 4),
              Dialogue("planted", "good", "kinds and niches", 0.2, 2),
              Dialogue("planted", "good", "kinds and niches", 0.4, 4)]  # fmt: skip
    _, _, alone, kinds = table_of_dialogues(nights, 10).strip().splitlines()
    assert alone.split("|")[4].strip() == "2"
    assert "0.1000 ± 0.0000 | 2 | 3.0" in kinds
    assert "| 1 | 7.5" in alone


def test_a_truth_is_of_tasks():
    really = TaskTruth({"a": {"x": 0.1, "y": 0.0}, "b": {"x": 0.0, "y": -0.1}}, frozenset({"a", "b"}))
    assert really.of(frozenset({"a"})) == {"x": 0.1, "y": 0.0}
    assert really.of(frozenset({"a", "b"})) == pytest.approx({"x": 0.1 + TOGETHER, "y": TOGETHER - 0.1})


def test_the_verb_prints_a_line_for_each_truth_skill_and_way(capsys):
    with made_up_measurements():
        study.dialogues(count=2, rows=2, seed=5, protocol="quick")
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 2 + 2 * len(SKILLS) * len(WAYS)
