"""How many pairs are held, and that a small state alone is never told to hold more per byte."""

import math

import pytest
from verified_cards import NO_PAIRS, TEMPLATE_PAIRS, of_other_draws, verified_card

from agent.science.capacity import Held, capacity, pairs_held, pairs_points

TEMPLATE = verified_card(own=0.0)
ALL = dict.fromkeys((4, 8, 16, 32, 64), 0.99)


@pytest.mark.parametrize(
    ("accuracy", "held"),
    [
        ({4: 1.0, 8: 1.0, 16: 0.95, 32: 0.85, 64: 0.4}, Held(24.0)),
        ({4: 1.0, 8: 0.8}, Held(6.0)),
        ({4: 0.6, 8: 1.0}, Held(1.0)),  # what comes back later counts no more
        ({4: 0.0}, Held(0.4)),
        ({8: 1.0, 4: 1.0, 64: 0.9}, Held(64, at_least=True)),
    ],
)
def test_pairs_are_held_up_to_where_a_straight_line_between_two_tests_crosses_nine_tenths(accuracy, held):
    found = pairs_held(accuracy)
    assert (found.pairs, found.at_least) == (pytest.approx(held.pairs), held.at_least)


def better(pairs, **facts):
    return verified_card(pairs=pairs, **facts)


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (better({4: 1.0, 8: 1.0, 16: 0.99, 32: 0.97, 64: 0.7}), "more"),
        (better(TEMPLATE_PAIRS), "same"),
        (better(TEMPLATE_PAIRS, state=4096), "more"),
        (better(TEMPLATE_PAIRS, state=16384), "fewer"),
        (better({4: 1.0, 8: 0.97, 16: 0.8, 32: 0.5, 64: 0.2}), "fewer"),
        (better(ALL), "more"),  # at least so many, which is more than the template's
        (better(ALL, state=1 << 20), "same"),  # it may hold more than was asked for
        (better(NO_PAIRS, state=4), "none"),  # o = v: four bytes, and nothing in them
        (better(NO_PAIRS, state=1548), "none"),
        (better(dict.fromkeys(TEMPLATE_PAIRS, 0.5), state=16, own=0.3), "none"),
    ],
)
def test_more_pairs_per_byte(card, said):
    assert capacity(card, TEMPLATE).per_byte == said


def test_where_the_template_holds_all_nothing_is_told_to_hold_more():
    full = verified_card(pairs=ALL, own=0.0)
    assert capacity(better(ALL), full).per_byte == "all"
    assert capacity(better(ALL, state=4096), full).per_byte == "all"
    assert capacity(better(TEMPLATE_PAIRS), full).per_byte == "fewer"


def test_numbers_of_a_capacity():
    found = capacity(better(TEMPLATE_PAIRS, own=0.0, state=4096), TEMPLATE)
    assert found.held == found.template_held
    assert math.exp(found.ratio.difference) == pytest.approx(2.0)
    assert found.per_kib == pytest.approx(2 * found.template_per_kib) == pytest.approx(found.held.pairs / 4)


def test_nothing_is_told_without_pairs_of_seeds_or_without_a_state():
    assert capacity(better(TEMPLATE_PAIRS, seeds=range(300, 304)), TEMPLATE) is None
    assert capacity(of_other_draws(better(TEMPLATE_PAIRS)), TEMPLATE) is None
    assert capacity(better(TEMPLATE_PAIRS, state=0), TEMPLATE) is None
    assert capacity(better(TEMPLATE_PAIRS, state=None), TEMPLATE) is None
    assert capacity(better({}), TEMPLATE) is None
    one = range(200, 201)
    assert capacity(better(ALL, seeds=one), verified_card(own=0.0, seeds=one)).per_byte == "same"


def test_accuracy_at_each_number_of_pairs_beside_the_template():
    points = pairs_points(better(ALL), TEMPLATE)
    assert [point.pairs for point in points] == [4, 8, 16, 32, 64]
    assert points[-1].gain.told_apart
    assert points[-1].gain.ahead
    assert points[-1].theirs == pytest.approx(0.5, abs=0.01)
    assert pairs_points(better(ALL), None)[0].theirs is None
