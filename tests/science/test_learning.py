"""How a variant came to its scores: by seed, along its curves, and where two metrics disagree."""

from dataclasses import replace

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.run import Run
from agent.core.score import CurvePoint, SeedScore, TaskScore
from agent.science.learning import courses_of, learning_line
from agent.science.setting_noise import Noise


def seed(number, macro, curve=(), ending="finished", steps=400, best=400, micro=None):
    points = tuple(CurvePoint((n + 1) * 100, 1.0, 1.0, accuracy) for n, accuracy in enumerate(curve))
    return SeedScore("Noisy Recall", "Noisy Recall V32", number, macro, micro if micro is not None else macro, macro,
                     1e-3, 0.0, ending, best, steps, points)  # fmt: skip


def card_with(*seeds):
    return replace(sample_card(), tasks={"Noisy Recall": TaskScore("Noisy Recall", seeds)})


def line(*seeds, noise=None):
    run = Run("x", "analysed", sample_proposal(), "smoke", FINGERPRINT, card=card_with(*seeds))
    return learning_line(run, noise or {})


def course(*seeds):
    return courses_of(card_with(*seeds), {})["Noisy Recall"]


def test_scores_by_seed_and_the_steps_until_solved_are_told():
    told = line(seed(0, 1.0, ending="solved", steps=150), seed(1, 0.9996, ending="solved", steps=250))
    assert told["en"] == "Noisy Recall 1.000, solved at step 150-250"
    assert told["zh"] == "Noisy Recall 1.000，第 150-250 步解出"
    assert "1 seeds solved at step 150" in line(seed(0, 1.0, ending="solved", steps=150), seed(1, 0.4))["en"]


def test_what_was_still_rising_is_told_from_what_had_levelled_off():
    assert course(seed(0, 0.5, (0.1, 0.2, 0.4, 0.5))).still_rising
    assert not course(seed(0, 0.5, (0.1, 0.495, 0.5, 0.5))).still_rising
    assert not course(seed(0, 0.5, (0.1, 0.2, 0.4, 0.5), best=300)).still_rising  # it got worse at the end
    assert not course(seed(0, 0.5)).still_rising  # no curve is known
    assert "0.20 halfway, 0.50 at the end and still rising" in line(seed(0, 0.5, (0.1, 0.2, 0.4, 0.5)))["en"]
    assert line(seed(0, 0.5, (0.4, 0.5, 0.5, 0.5)))["en"].endswith("0.50 halfway, 0.50 at the end")


def test_only_unsolved_seeds_have_a_part_in_the_curve():
    found = course(seed(0, 1.0, (0.99,), "solved"), seed(1, 0.3, (0.1, 0.2, 0.3)))
    assert (found.halfway, found.end) == (0.2, 0.3)


def test_micro_is_told_where_it_differs_by_more_than_the_noise():
    seeds = seed(0, 0.944, micro=0.9994), seed(1, 0.999, micro=0.999)
    assert line(*seeds)["en"].endswith("seed 0 0.944 by class but 0.999 by token")
    assert "by token" not in line(*seeds, noise={"Noisy Recall V32": Noise(0.06, 10)})["en"]
    assert "by token" not in line(seed(0, 0.99, micro=0.999))["en"]


@pytest.mark.parametrize("count", [11, 60])
def test_of_many_seeds_the_lowest_and_the_highest_are_told(count):
    told = line(*(seed(number, 0.5 + number / 1000) for number in range(count)))
    assert told["en"] == f"Noisy Recall .500-.{499 + count}"


def test_a_run_without_scores_has_no_line():
    assert learning_line(Run("x", "failed", sample_proposal(), "smoke", FINGERPRINT), {})["en"] == ""
