"""What is known of all moves at once."""

from dataclasses import replace
from random import Random
from statistics import fmean, stdev

import pytest
from axis_cards import AT_LENGTH, TEMPLATE_SCORES, axis_card, axis_history
from made_scores import TRUE, history
from sample_cards import sample_card

from agent.core.score import MAD_TASKS, Confirmation
from agent.core.text import Text
from agent.science.beliefs import TRUST, believe, shrunken_margins
from agent.science.objective import expected_gain

PLENTY = 60


def test_without_runs_no_author_rules_a_move_out():
    """An author who expects a catastrophe is believed as far as TRUST, and some draws have the move help."""
    known = history()
    expected = {"good": {}, "bad": dict.fromkeys(("Memorize", "Compress"), -0.9)}
    draws = [believe(known, expected, Random(seed)).drawn["bad"] for seed in range(PLENTY)]
    assert max(draws) > 0.0
    assert -TRUST < fmean(draws) < 0.0


def test_where_moves_do_nothing_authors_are_not_believed_either():
    known = history(*"cccccccc", noise=0.002)
    expected = {"untried": dict.fromkeys(MAD_TASKS, 0.03)}
    quiet = fmean(believe(known, expected, Random(seed)).mean["untried"] for seed in range(PLENTY))
    unseen = fmean(believe(history(), expected, Random(seed)).mean["untried"] for seed in range(PLENTY))
    assert 0.0 < quiet < unseen


def test_effects_are_drawn_around_what_the_runs_say():
    known = history("a", "b", "c", "ab", "bc", "ac", "abc", noise=0.005)
    beliefs = [believe(known, {}, Random(seed)) for seed in range(PLENTY)]
    assert fmean(each.drawn["a"] for each in beliefs) == pytest.approx(0.1, abs=0.02)
    assert beliefs[0].mean["a"] == pytest.approx(0.1, abs=0.02)
    assert 0.0 < stdev(each.drawn["a"] for each in beliefs) < 0.03
    assert beliefs[0].expected(["a", "b"]) == pytest.approx(0.05, abs=0.03)


def test_the_same_history_and_draw_give_the_same():
    known = history("a", "ab")
    assert believe(known, {}, Random(3)) == believe(known, {}, Random(3))
    assert believe(known, {}, Random(3)) != believe(known, {}, Random(4))


def test_moves_that_were_only_made_together_share_what_came_of_it():
    """Their effects are drawn jointly: the sum is known far better than either."""
    known = history(*["ab"] * 6, noise=0.005)
    beliefs = [believe(known, {}, Random(seed)) for seed in range(PLENTY)]
    sums = [each.drawn["a"] + each.drawn["b"] + each.drawn["a", "b"] for each in beliefs]
    assert stdev(sums) < 0.6 * stdev(each.drawn["a"] for each in beliefs)


def test_a_lucky_score_is_told_with_a_smaller_margin():
    known = history("a", "c", noise=0.05)
    margins = shrunken_margins(known)
    for run in known.scored[1:]:
        found = known.against_template(run)["average"].difference
        assert abs(margins[run.id]) < abs(found)
    assert margins[known.scored[0].id] == 0.0


def test_the_best_of_many_that_do_nothing_is_not_believed(monkeypatch):
    """The highest of thirty sets whose moves do nothing is told with a small part of what it scored."""
    monkeypatch.setitem(TRUE, "d", 0.0)
    known = history(*["c"] * 10, *["cd"] * 10, *["d"] * 10, noise=0.02)
    luckiest = max(known.scored, key=lambda run: run.card.average)
    found = known.against_template(luckiest)["average"].difference
    assert found > 0.01
    assert shrunken_margins(known)[luckiest.id] < 0.3 * found


def test_what_fresh_seeds_show_counts_as_well():
    known = history("a", noise=0.05)
    template, run = known.scored
    level = run.card.average - template.card.average
    confirmed = {
        one.id: Confirmation(4, sample_card(**{t.replace(" ", "_"): score for t in MAD_TASKS}))
        for one, score in ((template, 0.5), (run, 0.5 + level + 0.3))
    }
    alone = shrunken_margins(known)[run.id]
    assert alone < shrunken_margins(replace(known, confirmations=confirmed))[run.id] < level + 0.3


def test_what_loses_its_memory_is_worth_no_more_than_the_template():
    """A move that learns Memorize and forgets Fuzzy Recall gains the average and is believed to gain nothing."""
    forgets = axis_card((0.53, 0.99, 0.20, 0.9, *TEMPLATE_SCORES[4:]), AT_LENGTH, shift=0.01)
    learns = axis_card((0.53, *TEMPLATE_SCORES[1:3], 0.9, *TEMPLATE_SCORES[4:]), AT_LENGTH, shift=0.01)
    known = axis_history(forgets=forgets, learns=learns)
    moved = tuple(
        replace(run, proposal=replace(run.proposal, moves=(run.name,))) if run != known.baseline else run
        for run in known.runs
    )
    for objective, helps in (("balanced", {"learns"}), ("memory", set()), ("average", {"learns", "forgets"})):
        beliefs = believe(replace(known, runs=moved, objective=objective), {}, Random(0), kept=200)
        assert {move for move in ("learns", "forgets") if beliefs.mean[move] > 0.01} == helps


def test_a_margin_is_told_in_the_unit_of_the_objective():
    known = history("a", "c", noise=0.02)
    run = known.scored[1]
    accuracy, odds = (shrunken_margins(replace(known, objective=each))[run.id] for each in ("average", "balanced"))
    assert 0 < accuracy < known.against_template(run)["average"].difference
    balanced = replace(known, objective="balanced")
    assert accuracy < odds < balanced.judge(run, known.baseline).gain.difference


def test_what_an_author_expects_counts_by_the_objective():
    expected = {"Memorize": 0.6}
    assert expected_gain(expected, "average", MAD_TASKS) == pytest.approx(0.1)
    assert expected_gain(expected, "balanced", MAD_TASKS) == pytest.approx(0.15)
    assert expected_gain(expected, "memory", MAD_TASKS) == 0.0
    assert expected_gain({"Own Task": 0.6}, "balanced", ["Own Task"]) == pytest.approx(0.6)


def test_margins_are_worked_out_once_for_the_same_runs_and_anew_for_others():
    known = history("a", "c", noise=0.05)
    first = shrunken_margins(known)
    assert shrunken_margins(replace(known, runs=(*known.runs,))) is first
    fewer = shrunken_margins(replace(known, runs=known.runs[:2]))
    assert fewer.keys() == {run.id for run in known.runs[:2]}
    assert shrunken_margins(known) == first


def test_margins_stay_known_while_a_run_gets_its_note_and_another_is_only_proposed():
    known = history("a", "c", noise=0.05)
    first = shrunken_margins(known)
    noted = replace(known.runs[-1], stage="analysed", analysis={"result": Text("all of it")})
    waiting = replace(known.runs[-1], id="later", stage="proposed", card=None)
    assert shrunken_margins(replace(known, runs=(*known.runs[:-1], noted, waiting))) is first
    assert noted.card is not None
    scored = replace(noted, card=replace(noted.card, seconds=noted.card.seconds + 1.0))
    assert shrunken_margins(replace(known, runs=(*known.runs[:-1], scored))) is not first
