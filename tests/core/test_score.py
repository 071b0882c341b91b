"""The facts of a score: what they say of themselves."""

import math

import pytest

from agent.core.score import log_odds


def test_log_odds_are_even_around_one_half_and_end_where_a_test_is_too_small_to_tell():
    assert log_odds(0.5) == 0.0
    assert log_odds(0.75) == pytest.approx(math.log(3))
    assert log_odds(0.25) == pytest.approx(-log_odds(0.75))
    assert log_odds(1.0) == log_odds(0.99) == pytest.approx(math.log(99))
    assert log_odds(0.0) == log_odds(0.01) == pytest.approx(-math.log(99))
