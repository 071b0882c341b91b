"""The noise that simulated nights have does not change with the protocols."""

from statistics import fmean, stdev

import pytest

from agent.core.baselines import BASELINES, TEMPLATE
from agent.core.score import MAD_TASKS
from agent.study.archive import quick_of_edition_2

PLENTY = 400


def test_it_is_of_the_six_tasks_and_of_eleven_variants_beside_the_template():
    made = quick_of_edition_2()
    assert {setting.split(" V")[0] for setting in made.noise} == {*MAD_TASKS}
    assert made.noise.keys() == made.levels.keys() == made.shared[0].keys()
    assert len(made.shared) == len(BASELINES) - 1
    assert all(known.paired for known in made.noise.values())


@pytest.mark.parametrize("shape", ["gaussian", "measured"])
def test_made_up_scores_have_the_archived_level_and_noise_and_a_variant_its_effect(shape):
    made = quick_of_edition_2(shape)
    cards = [made.another(number).card(TEMPLATE, 0.1) for number in range(PLENTY)]
    for setting, level in made.levels.items():
        task = setting.split(" V")[0]
        scores = [seed.macro for card in cards for seed in card.tasks[task].seeds]
        assert stdev(scores) == pytest.approx(made.noise[setting].std, rel=0.15)
        assert fmean(scores) == pytest.approx(level + 0.1, abs=5 * made.noise[setting].std / len(scores) ** 0.5)
