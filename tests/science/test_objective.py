"""What a search is after: no op without a memory wins, and a variant is told as what it is."""

import math
from dataclasses import replace

import pytest
from axis_cards import (
    AT_LENGTH,
    LAST_FOUR,
    NO_STATE,
    TEMPLATE_SCORES,
    VALUE_SKIP,
    axis_card,
    axis_history,
    axis_noise,
    without_length,
)

from agent.core.errors import UsageError
from agent.core.score import log_odds
from agent.science.comparison import Comparison, compare
from agent.science.estimate import AVERAGE
from agent.science.objective import Judgement, judge
from agent.science.objective_words import brief, numbers, outcome, told_by
from agent.search.config import read_config
from agent.store.files import WorkspaceError
from agent.store.workspace import OBJECTIVE, Workspace

CHANCE_AT_LENGTH = (0.06, 0.07, 0.06, 0.07)
CONTROLS = {
    "no_state": axis_card(NO_STATE, CHANCE_AT_LENGTH, shift=0.01),
    "last_four": axis_card(LAST_FOUR, (0.10, 0.09, 0.10, 0.12), shift=0.01),
}


def changed(**steps):
    """The template's scores with some changed, by place: c=Compress, x=Context, f=Fuzzy, m=Memorize, n=Noisy, s=Copy,
    q=Multi-Query."""
    return tuple(score + steps.get(letter, 0.0) for letter, score in zip("cxfmnsq", TEMPLATE_SCORES, strict=True))


def told(card, objective="balanced", noise=None):
    """The judgement of a card beside the template, and what a reader is told."""
    history = axis_history(objective, noise, variant=card)
    found = history.judgement(history.find("variant"))
    return found, outcome(found)["en"]


@pytest.mark.parametrize("objective", ["balanced", "memory"])
def test_no_control_outranks_the_template(objective):
    history = axis_history(objective, **CONTROLS)
    assert history.best == history.baseline
    for name in CONTROLS:
        found = history.judgement(history.find(name))
        assert found.gain.difference < 0
        assert found.verdict == "worse"
        assert outcome(found)["en"].startswith("learns faster, memory lost; surely below the floor on Context Recall")


def test_what_learns_faster_and_keeps_its_memory_is_told_so():
    found, words = told(axis_card(VALUE_SKIP, AT_LENGTH, shift=0.01))
    assert (found.verdict, words) == ("mixed", "learns faster, memory lost; surely below the floor on Fuzzy Recall")
    kept = (VALUE_SKIP[0], *TEMPLATE_SCORES[1:3], VALUE_SKIP[3], *TEMPLATE_SCORES[4:])
    found, words = told(axis_card(kept, AT_LENGTH, shift=0.01))
    assert (found.verdict, words) == ("better", "learns faster, memory kept")
    found, words = told(axis_card(kept, AT_LENGTH, shift=0.01), "memory")
    assert found.verdict != "better"
    found, words = told(axis_card(kept, AT_LENGTH, shift=0.01), "average")
    assert (found.verdict, words, found.gain) == ("better", "better", found.average)


def test_what_loses_its_memory_never_ranks_as_the_best_and_is_no_winner():
    forgetful = axis_card(VALUE_SKIP, AT_LENGTH, shift=0.01)
    slightly = axis_card((0.53, 0.98, *TEMPLATE_SCORES[2:3], 0.99, 0.98, 0.92, 0.68), AT_LENGTH, shift=0.01)
    found, words = told(slightly)
    assert (found.lost, found.verdict, words) == ((), "mixed", "learns faster, memory lost")
    history = axis_history(quick_learner=forgetful)
    assert history.judgement(history.find("quick_learner")).gain.difference > 1
    assert history.best == history.baseline


def test_what_fails_at_length_falls():
    """A little better at the length of its training, and at chance at 8 times it."""
    home = changed(x=0.0, f=0.03, s=0.02)
    fair, _ = told(axis_card(home, AT_LENGTH, shift=0.01))
    assert (fair.verdict, fair.memory_went) == ("better", "up")
    found, words = told(axis_card(home, CHANCE_AT_LENGTH, shift=0.01))
    assert (found.verdict, words) == ("worse", "worse memory")
    assert not found.lost  # nothing is lost at home


def test_the_axes_are_the_means_of_their_gains_in_log_odds():
    found, words = told(axis_card(changed(f=0.1, m=0.1), AT_LENGTH))
    fuzzy, memorize = log_odds(0.54) - log_odds(0.44), log_odds(0.40) - log_odds(0.30)
    assert found.memory.difference == pytest.approx(fuzzy / 9, abs=0.002)  # four tasks twice, and Multi-Query Recall
    assert found.learnability.difference == pytest.approx(memorize / 2, abs=0.002)
    assert found.gain.difference == pytest.approx((fuzzy / 9 + memorize / 2) / 2, abs=0.002)
    assert found.average.difference == pytest.approx(0.2 / 6, abs=1e-4)
    assert (found.verdict, words) == ("better", "better memory, learns faster")


def test_cards_without_the_longer_tests_are_judged_by_what_both_have():
    old = without_length(axis_card(changed(f=0.1), AT_LENGTH))
    found, _ = told(old)
    fuzzy = log_odds(0.54) - log_odds(0.44)
    assert found.memory.difference == pytest.approx(fuzzy / 4, abs=0.002)
    no_memory = replace(old, tasks={"Memorize": old.tasks["Memorize"]})
    other = replace(no_memory, tasks={"Memorize": axis_card(changed(m=0.2)).tasks["Memorize"]})
    alone = judge(other, no_memory, axis_noise(), "balanced", compare(other, no_memory, axis_noise()))
    assert (alone.memory, alone.gain.difference) == (None, alone.learnability.difference)
    assert outcome(alone)["en"] == "learns faster"
    assert "memory" not in numbers(alone)["en"]


def test_a_card_of_no_task_of_an_axis_is_judged_by_its_average():
    one, two = (
        replace(card, tasks={"Own Task": card.tasks["Memorize"]}, further={})
        for card in (axis_card(changed(m=0.4)), axis_card(TEMPLATE_SCORES))
    )
    found = judge(one, two, {}, "balanced", compare(one, two, {}))
    assert not found.in_log_odds
    assert (found.gain, outcome(found)["en"]) == (found.average, "better")


def test_a_task_that_is_surely_below_the_floor_makes_no_winner():
    better = {"f": 0.1, "m": 0.2, "q": 0.1}
    assert told(axis_card(changed(**better, c=-0.015), AT_LENGTH))[0].lost == ()
    found, words = told(axis_card(changed(**better, c=-0.06), AT_LENGTH))
    assert (found.verdict, found.lost) == ("mixed", ("Compress",))
    assert words == "better memory, learns faster; surely below the floor on Compress"
    unsure, _ = told(axis_card(changed(**better, c=-0.06), AT_LENGTH), noise=axis_noise(std=1.0, paired=0.5))
    assert unsure.lost == ()


def test_without_noise_one_seed_is_unjudged_and_several_tell_it_themselves():
    card = axis_card(changed(f=0.2, m=0.3), AT_LENGTH)
    assert told(card, noise={})[0].verdict == "better"
    lone = {
        name: replace(one, further={}, tasks={
            task: replace(score, seeds=score.seeds[:1]) for task, score in one.tasks.items()
        })
        for name, one in {"card": card, "template": axis_card(TEMPLATE_SCORES, AT_LENGTH)}.items()
    }  # fmt: skip
    found = judge(lone["card"], lone["template"], {}, "balanced", compare(lone["card"], lone["template"], {}))
    assert (found.verdict, found.lost) == ("unjudged", ())


def test_a_task_is_told_by_micro_accuracy_where_its_noise_was_measured():
    """The macro accuracy of Context Recall falls for stray tokens, and the fraction of right answers rises."""
    macro = changed(x=-0.05)
    card, template = axis_card(changed(x=-0.2), AT_LENGTH), axis_card(changed(x=-0.3), AT_LENGTH, macro=macro)
    card = replace(card, tasks=axis_card(changed(x=-0.2), AT_LENGTH, macro=changed(x=-0.2)).tasks)
    measured = compare(card, template, axis_noise())["Context Recall"]
    assert measured.difference < 0
    assert (measured.verdict, measured.ahead, measured.judged.difference > 0) == ("better", True, True)
    macro_alone = {name: replace(noise, log_odds=None) for name, noise in axis_noise().items()}
    assert compare(card, template, macro_alone)["Context Recall"].verdict == "worse"
    assert compare(card, template, axis_noise())[AVERAGE].judged is None


def test_a_larger_variant_is_never_better():
    found, _ = told(axis_card(changed(f=0.1, m=0.2), AT_LENGTH))
    assert (found.verdict, found.of_larger().verdict) == ("better", "larger")
    assert outcome(found.of_larger())["en"].endswith("takes more than the budget allows")


LARGER = "takes more than the budget allows"


@pytest.mark.parametrize("objective", ["balanced", "memory", "average"])
@pytest.mark.parametrize(
    ("card", "verdict"),
    [
        (axis_card(changed(m=0.001), AT_LENGTH, shift=0.01), "indistinguishable"),
        (axis_card(changed(f=0.1, m=0.2), AT_LENGTH), "larger"),
        (axis_card(changed(c=-0.1, x=-0.2, f=-0.1, m=-0.1), (0.5, 0.1, 0.5, 0.5)), "worse"),
    ],
)
def test_what_takes_more_is_told_so_once_unless_it_is_worse(card, verdict, objective):
    found = told(card, objective)[0].of_larger()
    assert found.verdict == verdict
    for words in (outcome(found)["en"], *([brief(found)] if objective != "average" or verdict != "larger" else [])):
        assert words.count(LARGER) == (verdict != "worse")


def test_what_takes_more_is_told_so_where_its_axes_go_apart_and_where_nothing_is_judged():
    found = told(axis_card(VALUE_SKIP, AT_LENGTH, shift=0.01))[0].of_larger()
    assert found.verdict == "mixed"
    assert outcome(found)["en"].endswith(LARGER)
    unknown = Comparison(0.1, math.inf, 0)
    found = Judgement("balanced", True, unknown, unknown, unknown, unknown).of_larger()
    assert outcome(found)["en"] == f"not judged: the noise is not known; {LARGER}"
    assert brief(found).startswith(f"unjudged; {LARGER} (")


def test_a_workspace_keeps_its_objective(tmp_path):
    assert Workspace(tmp_path).history().objective == "balanced"
    Workspace(tmp_path).keep_objective("memory")
    assert Workspace(tmp_path).history().objective == "memory"
    (tmp_path / OBJECTIVE).write_text('"fastest"')
    with pytest.raises(WorkspaceError, match=r"objective\.json"):
        Workspace(tmp_path).history()


def test_a_search_is_told_its_objective_in_its_configuration(tmp_path):
    (tmp_path / "search.toml").write_text('objective = "average"\n')
    assert read_config(tmp_path, {}).objective == "average"
    (tmp_path / "search.toml").write_text('objective = "fastest"\n')
    with pytest.raises(UsageError, match="objective"):
        read_config(tmp_path, {})


def test_numbers_stand_in_log_odds_with_the_average_beside_them():
    found, _ = told(axis_card(changed(f=0.1, m=0.1), AT_LENGTH))
    assert numbers(found)["en"].startswith("memory +0.04 (95%: +")
    assert "log-odds; average +0.033 (95%: +" in numbers(found)["en"]
    assert all(told_by(objective)["zh"] for objective in ("balanced", "memory", "average"))
