"""Accuracy against length: what is said to hold, and that nothing without memory ever is."""

from dataclasses import replace

import pytest
from axis_cards import AT_LENGTH, TEMPLATE_SCORES, axis_card, axis_noise
from verified_cards import FORGETS, NO_MEMORY, TEMPLATE_LENGTHS, of_other_draws, verified_card

from agent.science.lengths import LEARNED, at_length, length_points, lengths_of

TEMPLATE = verified_card(own=0.0)


def scaled(by):
    """The template's accuracies at home, and so many times as much at a greater length."""
    return tuple((home, *(by * level for level in there)) for home, *there in TEMPLATE_LENGTHS)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        (TEMPLATE_LENGTHS, ["holds", "holds", "holds"]),
        (FORGETS, ["lost", "lost", "lost"]),
        (scaled(0.85), ["lost", "lost", "lost"]),
        (NO_MEMORY, ["lost", "lost", "lost"]),
    ],
)
def test_what_holds_at_several_lengths(lengths, expected):
    found = [at_length(verified_card(lengths), TEMPLATE, times) for times in (2, 4, 8)]
    assert [each.holding for each in found] == expected
    assert all(each.tasks == ("Context Recall", "Noisy Recall", "Selective Copy") for each in found)


def test_one_task_that_surely_falls_is_enough():
    found = at_length(verified_card(FORGETS), TEMPLATE, 2)
    assert found.fell == ("Selective Copy",)
    assert replace(found, fell=()).holding == "holds"  # by the mean over three tasks alone


def test_the_tasks_that_the_template_did_not_learn_tell_nothing():
    assert TEMPLATE.tasks["Fuzzy Recall"].micro < LEARNED
    better = (TEMPLATE_LENGTHS[0], (0.5, 0.1, 0.1, 0.1), *TEMPLATE_LENGTHS[2:])
    assert at_length(verified_card(better), TEMPLATE, 2).holding == "holds"
    assert at_length(verified_card(), verified_card(NO_MEMORY), 2) is None


@pytest.mark.parametrize("own", [0.0, 0.02, 0.1, 0.4])
@pytest.mark.parametrize("seeds", [range(200, 201), range(200, 202), range(200, 204)])
@pytest.mark.parametrize("template", [TEMPLATE_LENGTHS, NO_MEMORY, ((0.8, 0.3, 0.3, 0.3),) * 4])
def test_a_mixer_without_memory_never_holds_however_noisy_its_seeds_and_whatever_the_template_does(
    template, seeds, own
):
    """It keeps all of the little that it has, and a template that forgets comes down to it."""
    control = verified_card(NO_MEMORY, own=own, seeds=seeds)
    for times in (2, 4, 8):
        found = at_length(control, verified_card(template, own=0.0, seeds=seeds), times)
        assert found is None or found.holding != "holds"


def test_nothing_holds_by_a_single_seed_and_nothing_is_told_without_pairs():
    one = range(200, 201)
    assert at_length(verified_card(seeds=one), verified_card(own=0.0, seeds=one), 2).holding == "unclear"
    assert at_length(verified_card(seeds=range(204, 208)), TEMPLATE, 2) is None
    assert at_length(of_other_draws(verified_card()), TEMPLATE, 2) is None
    assert at_length(replace(verified_card(), fingerprint="other"), TEMPLATE, 2) is None
    assert at_length(verified_card(), TEMPLATE, 16) is None
    assert at_length(TEMPLATE, TEMPLATE, 2) is None


def test_the_noise_of_its_seeds_decides_whether_it_is_told_to_hold():
    assert at_length(verified_card(own=0.2), TEMPLATE, 2).holding == "unclear"


def test_points_stand_beside_the_template_in_pairs_of_seeds():
    card = verified_card(FORGETS)
    assert lengths_of(card) == (2, 4, 8)
    points = {(each.task, each.times): each for each in length_points(card, TEMPLATE, {})}
    assert len(points) == 16
    copy = points["Selective Copy", 8]
    assert (copy.mine, copy.theirs) == (pytest.approx(0.47, abs=0.01), pytest.approx(0.92, abs=0.01))
    assert copy.gain.told_apart
    assert not copy.gain.ahead
    assert not points["Context Recall", 8].gain.told_apart
    alone = length_points(card, of_other_draws(TEMPLATE), {})
    assert all((each.theirs, each.gain) == (None, None) for each in alone)


def test_a_row_of_the_table_has_its_own_length_and_eight_times_that():
    points = length_points(axis_card(TEMPLATE_SCORES, AT_LENGTH, shift=0.1), axis_card(TEMPLATE_SCORES, AT_LENGTH), {})
    assert [(each.task, each.times) for each in points[:2]] == [("Context Recall", 1), ("Context Recall", 8)]
    known = length_points(
        axis_card(TEMPLATE_SCORES, AT_LENGTH, shift=0.1), axis_card(TEMPLATE_SCORES, AT_LENGTH), axis_noise()
    )
    assert known[0].gain.needed < points[0].gain.needed  # two seeds say little of their own spread
