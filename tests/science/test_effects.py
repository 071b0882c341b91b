"""The estimated effect of each move."""

import pytest
from made_scores import TRUE, history
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.run import Run
from agent.core.score import MAD_TASKS
from agent.science.comparison import AVERAGE
from agent.science.effects import PRIOR_STD, effects, measured_effects
from agent.science.history import History


def test_without_runs_there_is_what_was_expected():
    known = effects(History((), {}), {"a": {"Memorize": 0.2}})
    assert known["a"]["Memorize"].mean == pytest.approx(0.2)
    assert known["a"]["Memorize"].error == pytest.approx(PRIOR_STD)
    assert known["a"][AVERAGE].mean == pytest.approx(0.2)
    assert not known["a"]["Memorize"].certain


def test_known_effects_are_found():
    known = effects(history("a", "b", "c", "ab", "bc", "ac", "abc"), {})
    for move, value in TRUE.items():
        for task in (*MAD_TASKS, AVERAGE):
            found = known[move][task]
            assert abs(found.mean - value) < 3 * found.error
            assert found.runs == 4
    assert known["a"][AVERAGE].certain
    assert known["b"][AVERAGE].certain
    assert not known["c"][AVERAGE].certain


def test_more_runs_make_it_surer():
    one, many = effects(history("a"), {}), effects(history(*["a"] * 8), {})
    assert many["a"]["Memorize"].error < one["a"]["Memorize"].error < PRIOR_STD


def test_what_was_measured_is_told_as_measured():
    """Nothing is drawn towards zero, and of moves that were never tried apart nothing is claimed."""
    known = history("a", noise=0.0)
    assert effects(known, {})["a"][AVERAGE].mean < 0.09
    assert measured_effects(known)["a"][AVERAGE].mean == pytest.approx(0.1, abs=1e-3)
    together = measured_effects(history("ab", noise=0.0))
    assert not together["a"][AVERAGE].certain
    assert together["a"][AVERAGE].mean + together["b"][AVERAGE].mean == pytest.approx(0.05, abs=1e-3)


def test_a_wrong_expectation_gives_way():
    known = effects(history(*["a"] * 8), {"a": {"Memorize": -0.3}, "never tried": {}})
    assert known["a"]["Memorize"].mean == pytest.approx(0.1, abs=0.03)
    assert known["never tried"]["Memorize"].mean == 0
    assert known["never tried"]["Memorize"].runs == 0


def test_variants_that_no_moves_made_say_nothing():
    known = history("a")
    stranger = Run("9", "analysed", sample_proposal("gated"), "smoke", FINGERPRINT, card=sample_card(Memorize=1.0))
    assert effects(History((*known.runs, stranger), {}), {}) == effects(known, {})
