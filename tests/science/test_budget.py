"""Equal means: a variant that takes more than the budget allows is larger, never better, and never the best."""

from dataclasses import replace

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import TEMPLATE
from agent.core.run import Run
from agent.science.budget import MeansBudget, excess, ratios
from agent.science.estimate import AVERAGE
from agent.science.history import History
from agent.store.workspace import Workspace

MEANS = {"parameters": 1000, "state_size": 100, "state_bytes": 400, "flops": 5000.0}
HIGH = dict.fromkeys(("Compress", "Context_Recall", "Fuzzy_Recall", "Memorize", "Noisy_Recall"), 0.9)


def run(number, name, **facts):
    means = MEANS | {key: value for key, value in facts.items() if key in MEANS}
    scores = {key: value for key, value in facts.items() if key not in MEANS}
    card = replace(sample_card(**scores), **means)
    return Run(f"20260101_00000{number}", "analysed", sample_proposal(name), "smoke", FINGERPRINT, card=card)


def history(*runs, **budget):
    return History((run(1, TEMPLATE), *runs), {}, budget=MeansBudget(**budget))


@pytest.mark.parametrize(
    ("more", "axis"),
    [({"parameters": 1101}, "parameters"), ({"state_bytes": 801}, "state"), ({"flops": 15001.0}, "flops")],
)
def test_beyond_the_budget_on_any_axis_it_is_larger_and_not_the_best(more, axis):
    larger, fair = run(2, "larger", **HIGH, **more), run(3, "fair", Memorize=0.55)
    known = history(larger, fair)
    assert known.excess(larger).keys() == {axis}
    assert known.excess(fair) == {}
    assert known.against_template(larger)[AVERAGE].verdict == "larger"
    assert known.compare(larger, fair)[AVERAGE].verdict == "larger"
    assert known.compare(fair, larger)[AVERAGE].verdict == "worse"
    assert known.best == fair
    assert larger not in known.leaders(fair).values()


@pytest.mark.parametrize("more", [{"parameters": 1100}, {"state_bytes": 800}, {"flops": 15000.0}])
def test_within_the_budget_it_may_be_better(more):
    fair = run(2, "fair", **HIGH, **more)
    known = history(fair)
    assert known.against_template(fair)[AVERAGE].verdict == "better"
    assert known.best == fair


def test_each_part_of_the_budget_moves_the_line():
    large = run(2, "large", **HIGH, parameters=1500, state_bytes=1200, flops=25000.0)
    assert history(large).excess(large).keys() == {"parameters", "state", "flops"}
    assert history(large, parameters=1.5).excess(large).keys() == {"state", "flops"}
    assert history(large, parameters=1.5, state=3.0).excess(large).keys() == {"flops"}
    assert history(large, parameters=1.5, state=3.0, flops=5.0).best == large


def test_cards_of_earlier_versions_are_judged_by_what_they_tell():
    template, old = run(1, TEMPLATE).card, replace(run(2, "old").card, state_bytes=None, flops=None, state_size=300)
    assert ratios(old, template) == {"parameters": 1.0, "state": 3.0}
    assert excess(old, template, MeansBudget()) == {"state": 3.0}


def test_a_workspace_keeps_its_budget(tmp_path):
    assert Workspace(tmp_path).budget() == MeansBudget(1.10, 2.0, 3.0)
    Workspace(tmp_path).keep_budget(MeansBudget(1.5))
    assert Workspace(tmp_path).history().budget == MeansBudget(1.5)


@pytest.mark.parametrize("facts", [{"parameters": 0.5}, {"state": float("inf")}, {"flops": "many"}])
def test_a_budget_below_the_template_is_none(facts):
    with pytest.raises(ValueError, match=r".+"):
        MeansBudget.from_facts(facts)
