"""The learning rate over a training: constant as ever, or a cosine with a warm-up, each replica by its own steps."""

import pytest

from agent.evaluator.training.schedule import LAST, WARM_UP, share_of_rate, shares


def test_a_constant_rate_is_left_as_it_is():
    assert share_of_rate("constant", 7, 10) == 1.0
    assert shares("constant", [(7, 10)]) is None


def test_a_cosine_rises_and_then_falls_to_its_last_share():
    rates = [share_of_rate("cosine", step, 1000) for step in range(1000)]
    assert rates[0] == pytest.approx(1 / WARM_UP)
    assert max(rates) == rates[WARM_UP - 1] > 0.99
    assert rates[500] == pytest.approx((1 + LAST) / 2)
    assert rates[-1] == pytest.approx(LAST, abs=1e-4)
    assert all(later <= sooner for sooner, later in zip(rates[WARM_UP:], rates[WARM_UP + 1 :], strict=False))


def test_each_row_takes_its_share_by_its_own_steps():
    found = shares("cosine", [(3, 1000), (500, 1000)])
    assert found.shape == (2, 1)
    assert found.flatten().tolist() == pytest.approx([4 / WARM_UP, (1 + LAST) / 2], rel=1e-4)
