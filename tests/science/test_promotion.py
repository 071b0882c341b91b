"""After a leg a variant goes on while it may still be the best; what is stopped counts with its larger error."""

from dataclasses import replace
from random import Random

import pytest
from axis_cards import AT_LENGTH, NO_STATE, TEMPLATE_SCORES, axis_card, axis_history
from sample_cards import FINGERPRINT, sample_proposal

from agent.core.languages import LANGUAGES
from agent.core.legs import restricted, seeds_of
from agent.core.reason import Reason
from agent.core.run import BASELINE, PERSON, Run
from agent.core.score import TaskScore
from agent.science.beliefs import believe
from agent.science.comparison import compare
from agent.science.effects import measured_effects, mechanism_effects
from agent.science.promotion import FIRST_ROWS, LEAST_CHANCE, chance_above, reason_to_stop

HIGHER = tuple(min(0.999, score + 0.05) for score in TEMPLATE_SCORES)
LOWER = (0.45, 0.60, 0.30, 0.20, 0.60, 0.50, 0.40)


def first_leg(card, seeds=1, tasks=None):
    """What a card has of the first seeds of its settings, as a leg's card has it; of some tasks alone."""

    def part(scores):
        return {
            task: TaskScore(task, tuple(seed for seed in score.seeds if seed.seed < seeds))
            for task, score in scores.items()
            if tasks is None or task in tasks
        }

    return replace(card, tasks=part(card.tasks), further=part(card.further), fingerprint="ofthisleg000")


def searched(objective="balanced", noise=None, **more):
    """The template and three more that are like it."""
    like = {f"like_{number}": axis_card(TEMPLATE_SCORES, AT_LENGTH, number * 0.1) for number in range(FIRST_ROWS)}
    return axis_history(objective, noise, **like, **more)


def under_way(card, seeds=1, tasks=None, **facts):
    proposal = sample_proposal("new", **facts)
    return Run("9", "evaluating", proposal, "quick", FINGERPRINT, legs=(first_leg(card, seeds, tasks),))


BEHIND = under_way(axis_card(LOWER, (0.3, 0.2, 0.3, 0.3)))


@pytest.mark.parametrize("objective", ["balanced", "memory", "average"])
def test_what_is_far_behind_the_best_is_stopped_and_what_is_not_goes_on(objective):
    known = searched(objective)
    reason = reason_to_stop(known, BEHIND)
    assert reason.key == ("stopped.accuracy" if objective == "average" else "stopped.log_odds")
    assert reason.fields["best"] == known.best.name
    assert 0 <= reason.fields["chance"] < LEAST_CHANCE
    assert reason.fields["gain"] < 0
    assert reason_to_stop(known, under_way(axis_card(TEMPLATE_SCORES, AT_LENGTH, 0.02))) is None
    assert reason_to_stop(known, under_way(axis_card(HIGHER, AT_LENGTH))) is None


def test_it_is_held_against_the_best_and_not_against_the_template():
    same = under_way(axis_card(TEMPLATE_SCORES, AT_LENGTH, 0.02))
    better = tuple(min(0.99, score + 0.15) for score in TEMPLATE_SCORES)
    known = searched(better=axis_card(better, (0.97, 0.6, 0.97, 0.97)))
    assert known.best.name == "better"
    assert reason_to_stop(known, same).fields["best"] == "better"
    assert reason_to_stop(searched(), same) is None


def test_the_reason_is_told_in_every_language():
    reason = reason_to_stop(searched(), BEHIND)
    for language in LANGUAGES:
        assert reason.fields["best"] in reason.text[language]
        assert f"{LEAST_CHANCE:.0%}" in reason.text[language]
    assert len({reason.text[language] for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize("facts", [{"author": BASELINE}, {"author": PERSON}, {"editor": PERSON}])
def test_baselines_and_what_a_person_wrote_are_never_stopped(facts):
    run = replace(BEHIND, proposal=replace(BEHIND.proposal, **facts))
    assert reason_to_stop(searched(), run) is None


def test_the_first_proposals_are_never_stopped():
    known = searched()
    assert len(known.runs) == 1 + FIRST_ROWS
    by_hand = tuple(replace(run, proposal=replace(run.proposal, author=BASELINE)) for run in known.runs[:2])
    assert reason_to_stop(known, BEHIND)
    assert reason_to_stop(replace(known, runs=(*by_hand, *known.runs[2:])), BEHIND) is None


def test_what_cannot_be_judged_is_never_stopped():
    known = searched()
    assert reason_to_stop(searched(noise={}), BEHIND) is None  # the noise of one seed is not known
    assert reason_to_stop(replace(known, runs=()), BEHIND) is None
    assert reason_to_stop(known, replace(BEHIND, legs=())) is None
    score = BEHIND.legs[0].tasks["Compress"]
    strange = {"Compress": replace(score, seeds=(replace(score.seeds[0], seed=77),))}  # which no row has
    assert reason_to_stop(known, replace(BEHIND, legs=(replace(BEHIND.legs[0], tasks=strange),))) is None


def test_the_rule_can_be_made_bolder_and_a_chance_is_one_of_student():
    known = searched()
    worse = known.part(BEHIND, known.best).judged.gain
    assert reason_to_stop(known, BEHIND, chance_above(worse)) is None
    assert chance_above(worse) + chance_above(replace(worse, difference=-worse.difference)) == pytest.approx(1.0)
    assert chance_above(replace(worse, freedom=0)) == 0.5


def test_on_all_settings_a_part_is_compared_as_any_two_cards():
    known, card = searched(), axis_card(LOWER, AT_LENGTH)
    part = known.part(under_way(card, seeds=2), known.baseline)
    same = restricted(known.baseline.card, first_leg(card, 2))
    assert seeds_of(same) == seeds_of(first_leg(card, 2))
    assert part.unseen == 0
    assert part.tasks == compare(first_leg(card, 2), same, known.noise)


def test_what_was_not_trained_makes_the_error_larger():
    known, card = searched(), axis_card(LOWER, AT_LENGTH)
    tasks = [task for task in card.tasks if task != "Selective Copy"]
    whole, part = (known.part(under_way(card, tasks=each), known.baseline) for each in (None, tasks))
    assert part.unseen == pytest.approx(2 / 7)  # Multi-Query Recall is not in it either
    assert part.judged.gain.error > whole.judged.gain.error
    alone = compare(first_leg(card, 1, tasks), restricted(known.baseline.card, first_leg(card, 1, tasks)), known.noise)
    assert part.tasks["average"].error > alone["average"].error
    assert part.tasks["Compress"] == alone["Compress"]


def with_move(card, stopped):
    """A run of a move: stopped after its first leg, or whole."""
    proposal = sample_proposal("moved", moves=("a",), mechanisms=("gate",))
    run = Run("9", "analysed", proposal, "quick", FINGERPRINT)
    if stopped:
        return replace(run, legs=(first_leg(card),), stopped=Reason.said("behind"))
    return replace(run, card=card)


@pytest.mark.parametrize("effects_of", [lambda h: measured_effects(h)["a"], lambda h: mechanism_effects(h)["gate"]])
def test_a_stopped_run_counts_in_the_effects_with_a_larger_error(effects_of):
    known, card = axis_history(), axis_card(LOWER, AT_LENGTH)

    def effect(run):
        return effects_of(replace(known, runs=(*known.runs, run)))

    whole, part = effect(with_move(card, False)), effect(with_move(card, True))
    assert part["average"].runs == whole["average"].runs == 1
    assert part["average"].error > whole["average"].error
    assert part["average"].mean < -0.1
    lacking = effect(replace(with_move(card, True), legs=(first_leg(card, 1, ["Compress"]),)))
    assert lacking["Memorize"].error > 10 * part["Memorize"].error  # of which that leg says nothing


def test_a_stopped_run_counts_in_what_is_believed_of_its_moves():
    known, card = axis_history(), axis_card(LOWER, (0.3, 0.2, 0.3, 0.3))

    def believed(*runs):
        return believe(replace(known, runs=(*known.runs, *runs)), {"a": {}}, Random(1), 200).mean["a"]

    assert abs(believed()) < 0.02
    assert believed(with_move(card, True)) < -0.05


def test_a_stopped_run_has_no_rank_and_is_no_best():
    known = axis_history()
    history = replace(known, runs=(*known.runs, with_move(axis_card(NO_STATE), True)))
    assert history.stopped == history.runs[-1:]
    assert history.stopped[0] not in history.scored
    assert history.best == known.best
