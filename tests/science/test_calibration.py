"""How good registered predictions were, against predicting that nothing changes."""

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import TEMPLATE
from agent.core.run import Run
from agent.core.score import MAD_TASKS
from agent.science.calibration import calibrate
from agent.science.estimate import AVERAGE
from agent.science.history import History

BASE = Run("20250101_000000", "analysed", sample_proposal(TEMPLATE), "smoke", FINGERPRINT, card=sample_card())


def after(*runs):
    """The calibration after some runs, each a pair of what was predicted and measured of Memorize."""
    made = []
    for number, (predicted, measured) in enumerate(runs):
        expected = dict.fromkeys(MAD_TASKS, 0.5) | {"Memorize": predicted}
        proposal = sample_proposal(f"{TEMPLATE}_{number}", parents=(TEMPLATE,), predicted=expected)
        card = sample_card(Memorize=measured)
        made.append(Run(f"20250101_00000{number + 1}", "analysed", proposal, "smoke", FINGERPRINT, card=card))
    return calibrate(History((BASE, *made), {}))


@pytest.mark.parametrize(
    ("predicted", "measured", "error", "skill"),
    [
        (0.7, 0.7, 0.0, 1.0),  # right
        (0.6, 0.7, 0.1, 0.5),  # half the way
        (0.5, 0.7, 0.2, 0.0),  # no change
        (0.4, 0.7, 0.3, -0.5),  # the wrong way
    ],
)
def test_skill_is_the_share_of_the_error_of_no_change_that_is_saved(predicted, measured, error, skill):
    found = after((predicted, measured))["Memorize"]
    assert found.error == pytest.approx(error)
    assert found.error_of_no_change == pytest.approx(0.2)
    assert found.skill == pytest.approx(skill)


def test_misses_to_both_sides_do_not_cancel_in_the_error():
    found = after((0.6, 0.7), (0.8, 0.7))["Memorize"]
    assert found.bias == pytest.approx(0.0)
    assert found.error == pytest.approx(0.1)


def test_the_skill_over_all_tasks_is_by_the_sums():
    found = after((0.6, 0.7))[AVERAGE]
    assert found.error == pytest.approx(0.1 / 6)
    assert found.skill == pytest.approx(0.5)


def test_where_nothing_changed_there_is_no_skill_to_be_had():
    assert after((0.6, 0.5))["Compress"].skill is None
