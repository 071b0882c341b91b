"""The proposer without a model: what it proposes, from what, and what it learns from results."""

from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import GATED, TEMPLATE, baseline_path, moves_of
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.resources import MOVES, TEMPLATE_FILE
from agent.core.run import PERSON, PROPOSED_SECTIONS, Review, Run
from agent.core.score import MAD_TASKS
from agent.proposer import NothingToPropose
from agent.proposer.catalogue import AUTHOR, MOST_MOVES, Catalogue
from agent.proposer.known import known_variant
from agent.proposer.moves import MovesConflict, compose, load_moves
from agent.proposer.patch import same_code
from agent.science.calibration import corrections
from agent.science.effects import effects
from agent.science.estimate import AVERAGE
from agent.science.history import History, card_of
from agent.store.workspace import NAME

TEMPLATE_SOURCE = TEMPLATE_FILE.read_text()
ALL = load_moves(MOVES)
SKIP, RATE, MEMORY = "value_skip", "implicit_step_size", "learned_initial_memory"
TANH = "tanh_on_error_before_state_update"


def run(number, proposal, stage="analysed", **scores):
    """A run of a proposal; without scores it failed."""
    facts = {"card": sample_card(**scores)} if scores else {"failure": Failure("crash", Reason.said("why"))}
    return Run(f"20250101_{number:06}", stage, proposal, "smoke", FINGERPRINT, **facts)


def history(*more, score=0.5):
    """The template, and what was made of it."""
    return History((run(0, known_variant(TEMPLATE), Memorize=score), *more), {})


def variant(number, *moves, parents=(TEMPLATE,), score=0.5, **facts):
    """A scored run of the template with some moves."""
    name = f"{TEMPLATE}_" + "_".join(moves)
    source = compose(TEMPLATE_SOURCE, [ALL[move] for move in moves])
    proposal = sample_proposal(name, source, AUTHOR, parents=parents, moves=moves, **facts)
    return run(number, proposal, Memorize=score)


def propose(known, parent=0, seed=0, moves=ALL):
    return Catalogue(TEMPLATE_SOURCE, moves).propose(known, known.runs[parent], Random(seed))


def only(*names):
    return {name: ALL[name] for name in names}


def test_it_proposes_one_step_from_a_parent_with_reasons_and_predictions():
    proposal = propose(history())
    (move,) = proposal.moves
    assert proposal.name == f"{TEMPLATE}_{move}"
    assert (proposal.author, proposal.parents, proposal.title) == (AUTHOR, (TEMPLATE,), ALL[move].title)
    assert proposal.source == compose(TEMPLATE_SOURCE, [ALL[move]])
    assert list(proposal.predicted) == list(MAD_TASKS)
    assert set(proposal.argument) == set(PROPOSED_SECTIONS)
    for text in proposal.argument.values():
        assert len(text["en"].splitlines()) == len(text["zh"].splitlines()) > 0
    assert ALL[move].issue["zh"] in proposal.argument["issues"]["zh"]
    assert ALL[move].source["en"] in proposal.argument["reasoning"]["en"]


def test_the_same_history_and_seed_give_the_same_and_another_seed_another():
    assert propose(history()) == propose(history())
    assert len({propose(history(), seed=seed).moves for seed in range(12)}) > 3


def test_what_was_tried_is_not_tried_again_whatever_became_of_it():
    known = history(variant(1, SKIP), run(2, sample_proposal(f"{TEMPLATE}_x", parents=(TEMPLATE,), moves=(RATE,))))
    assert propose(known, moves=only(SKIP, RATE, TANH)).moves == (TANH,)
    with pytest.raises(NothingToPropose, match=f"every change of {TEMPLATE} that the catalogue knows was tried"):
        propose(known, moves=only(SKIP, RATE))


def test_a_known_variant_counts_as_its_move():
    known = history(run(1, known_variant(GATED), Memorize=0.5))
    with pytest.raises(NothingToPropose):
        propose(known, moves=only(*moves_of(GATED)))
    child = propose(known, parent=1, moves=only(*moves_of(GATED), SKIP))
    assert (child.parents, child.moves) == ((GATED,), ("data_dependent_decay", SKIP))
    assert child.source == compose(TEMPLATE_SOURCE, [ALL["data_dependent_decay"], ALL[SKIP]])


def test_moves_that_conflict_are_not_made_together():
    one, other = "tanh_on_error_before_state_update", "softmax_intra_chunk_and_tanh_error_bounding"
    known = history(variant(1, one), variant(2, other))
    with pytest.raises(NothingToPropose):
        propose(known, parent=1, moves=only(one, other))


def test_two_scored_variants_are_combined_with_both_as_parents():
    known = history(variant(1, SKIP, TANH, score=0.6), variant(2, RATE, MEMORY, score=0.6))
    proposals = [propose(known, parent=1, moves=only(SKIP, RATE, TANH, MEMORY), seed=seed) for seed in range(12)]
    pair = next(found for found in proposals if len(found.parents) == 2)
    assert pair.parents == (known.runs[1].name, known.runs[2].name)
    assert pair.moves == tuple(sorted((SKIP, TANH, RATE, MEMORY)))
    assert all(f"{name} (0." in pair.argument["reasoning"]["zh"] for name in pair.parents)


def test_a_variant_grows_no_further_than_can_be_learned_from():
    *grown, last = fitting(MOST_MOVES + 1)
    catalogue = Catalogue(TEMPLATE_SOURCE, ALL)

    def with_one_more(*moves):
        known = history(variant(1, *moves))
        return catalogue.propose(known, known.runs[1], Random(0), idea=last)

    assert len(with_one_more(*grown[:-1]).moves) == MOST_MOVES
    with pytest.raises(NothingToPropose):
        with_one_more(*grown)


def fitting(count):
    """So many moves that can all be made together."""
    chosen = []
    for name in ALL:
        with suppress(MovesConflict):
            compose(TEMPLATE_SOURCE, [ALL[move] for move in (*chosen, name)])
            chosen.append(name)
    return chosen[:count]


def test_a_move_that_the_catalogue_has_no_more_is_left_where_it_is():
    known = history(variant(1, SKIP, TANH))
    with pytest.raises(NothingToPropose):
        propose(known, parent=1, moves={})


def test_a_person_s_file_stays_what_later_moves_are_made_on():
    """Not only the first change of it but also what is made of that."""
    source = TEMPLATE_SOURCE.replace("return o, S", "return 2 * o, S")
    assert not same_code(source, TEMPLATE_SOURCE)
    mine = run(1, sample_proposal("mine", source, "a person", parents=(TEMPLATE,)), Memorize=0.9)
    known = history(mine)
    first = propose(known, parent=1, moves=only(RATE, TANH))
    assert (first.name, "2 * o" in first.source) == (f"mine_{first.moves[0]}", True)
    known = History((*known.runs, run(2, first, Memorize=0.9)), {})
    second = propose(known, parent=2, moves=only(RATE, TANH))
    assert (len(second.moves), "2 * o" in second.source) == (2, True)
    assert second.name.startswith("mine_")


def test_moves_on_another_file_say_nothing_of_what_they_do_to_the_template():
    mine = run(1, sample_proposal("mine", parents=(TEMPLATE,)), Memorize=0.1)
    child = run(2, sample_proposal("mine_skip", parents=("mine",), moves=(SKIP,)), Memorize=0.2)
    assert effects(history(mine, child), {SKIP: {}})[SKIP][AVERAGE].runs == 0


def test_nothing_is_made_of_a_variant_whose_file_is_gone():
    orphan = variant(1, SKIP, parents=("removed_by_hand",))
    with pytest.raises(NothingToPropose):
        propose(history(orphan), parent=1)


def test_long_combinations_have_names_that_fit_and_differ():
    root = run(1, sample_proposal("x" * 110, TEMPLATE_SOURCE, "a person"), Memorize=0.5)
    known = history(root)
    for number in range(2, 8):
        proposal = propose(known, parent=number - 1, moves=only(SKIP, RATE, TANH, MEMORY), seed=number)
        assert NAME.fullmatch(proposal.name)
        assert len(proposal.name) <= 128
        known = History((*known.runs, run(number, proposal, Memorize=0.5)), {})
    assert len({found.name for found in known.runs}) == len(known.runs)


def test_predictions_follow_results():
    """A move that raised Memorize is expected to do so again, and its author's guess counts for less."""
    before = propose(history(variant(1, RATE)), parent=1, moves=only(RATE, SKIP))
    runs = [variant(number, SKIP, score=0.9) for number in range(2, 6)]
    after = propose(history(variant(1, RATE), *runs), parent=1, moves=only(RATE, SKIP))
    assert before.moves == after.moves == (RATE, SKIP)
    assert before.predicted["Memorize"] == pytest.approx(0.5 + ALL[SKIP].expected["Memorize"])
    assert after.predicted["Memorize"] > before.predicted["Memorize"] + 0.15
    assert "4 runs" in after.argument["reasoning"]["en"]
    assert "Nobody has measured" in before.argument["reasoning"]["en"]


def test_predictions_are_corrected_by_what_earlier_ones_missed():
    facts = {"predicted": dict.fromkeys(MAD_TASKS, 0.5)}
    missed = [variant(number, SKIP, score=0.6, **facts) for number in range(1, 9)]
    known = history(*missed)
    found = corrections(known, AUTHOR)
    assert 0.05 < found["Memorize"] < 0.1
    assert found["Compress"] == pytest.approx(0)
    assert corrections(known, "a model") == {}
    one = corrections(history(missed[0]), AUTHOR)
    assert 0 < one["Memorize"] < found["Memorize"]

    proposal = propose(known, moves=only(SKIP, RATE))
    assert proposal.corrected == found
    assert proposal.predicted["Memorize"] == pytest.approx(
        card_of(known.runs[0]).scores["Memorize"] + ALL[RATE].expected["Memorize"] + found["Memorize"]
    )
    assert f"Memorize {found['Memorize']:+.3f}" in proposal.argument["expected"]["en"]


def test_a_correction_that_was_right_is_kept():
    """What was corrected and then came true has still missed by as much without the correction."""
    facts = {"predicted": dict.fromkeys(MAD_TASKS, 0.6), "corrected": {"Memorize": 0.1}}
    known = history(*[variant(number, SKIP, score=0.6, **facts) for number in range(1, 9)])
    assert 0.05 < corrections(known, AUTHOR)["Memorize"] < 0.1


def test_what_a_person_edited_corrects_nobody():
    edited = variant(1, SKIP, score=0.9, predicted=dict.fromkeys(MAD_TASKS, 0.5), editor="a person")
    assert corrections(history(edited), AUTHOR) == {}


def test_every_known_variant_has_its_reasons_in_both_languages():
    for name in (TEMPLATE, GATED, f"{TEMPLATE}_{TANH}"):
        proposal = known_variant(name)
        assert proposal.source == baseline_path(name).read_text()
        assert set(proposal.argument) == set(PROPOSED_SECTIONS)
        assert not proposal.predicted
    assert "Fuzzy Recall +0.114" in known_variant(GATED).argument["expected"]["zh"]


def rejected(number, *moves, parents=(TEMPLATE,), everywhere=True):
    name = f"{TEMPLATE}_{number}"
    proposal = sample_proposal(name, author=AUTHOR, parents=parents, moves=moves)
    review = Review("rejected", PERSON, "never", everywhere)
    return Run(f"20250101_{number:06}", "rejected", proposal, "smoke", FINGERPRINT, review=review)


def test_a_move_that_was_rejected_everywhere_is_made_of_no_parent():
    parent = variant(1, SKIP)
    for everywhere, expected in ((False, {RATE, TANH}), (True, {TANH})):
        known = history(parent, rejected(2, RATE, everywhere=everywhere))
        found = {propose(known, 1, seed, only(SKIP, RATE, TANH)).moves for seed in range(40)}
        assert {move for moves in found for move in moves} - {SKIP} == expected, everywhere


def test_a_move_that_may_nowhere_be_taken_back_stays():
    """Here SKIP, of which the first parent was to be freed; from another parent it is not taken either."""
    first, other = variant(1, SKIP, TANH), variant(2, SKIP, RATE)
    alone = variant(6, SKIP)  # so that taking SKIP back is all that is left
    known = history(first, other, alone, rejected(3, TANH, parents=(first.name,)))
    with pytest.raises(NothingToPropose):
        propose(known, 2, 0, only(SKIP, RATE))
    allowed = history(first, other, alone, rejected(3, TANH, parents=(first.name,), everywhere=False))
    assert propose(allowed, 2, 0, only(SKIP, RATE)).moves == (RATE,)


def test_a_crossing_does_not_bring_a_barred_move_in_from_either_side():
    one, other = variant(1, SKIP), variant(2, RATE)
    known = history(one, other, rejected(3, RATE))
    with pytest.raises(NothingToPropose):
        propose(known, 1, 0, only(SKIP, RATE))
    assert propose(known, 2, 0, only(SKIP, RATE)).parents == (other.name,)  # which has it: SKIP is what comes


def test_a_person_may_ask_for_what_was_rejected_everywhere():
    known = history(variant(1, SKIP), rejected(2, RATE))
    asked = Catalogue(TEMPLATE_SOURCE, ALL).propose(known, known.runs[1], Random(0), RATE)
    assert asked.moves == tuple(sorted((SKIP, RATE)))


def test_it_chooses_among_all_sets_and_names_the_nearest_scored_parent():
    """Two moves that helped whenever they were made are made together, as a change of the variant that is nearest."""
    moves = only(SKIP, RATE, TANH, MEMORY)
    helped = [variant(number, SKIP, score=0.9) for number in range(1, 4)] + [variant(4, RATE, score=0.9)]
    known = history(*helped, variant(5, TANH, score=0.1), variant(6, MEMORY, score=0.1))
    chosen = [Catalogue(TEMPLATE_SOURCE, moves).choose(known, Random(seed)) for seed in range(12)]
    together = [found for found in chosen if {SKIP, RATE} <= {*found.moves}]
    assert len(together) > 6
    for found in together:
        parent = known.find(found.parents[0])
        others = [run for run in known.scored if run.name != parent.name]
        distance = len({*found.moves} ^ {*parent.proposal.moves})
        assert all(len({*found.moves} ^ {*run.proposal.moves}) >= distance for run in others)
        assert found.source == compose(TEMPLATE_SOURCE, [ALL[move] for move in found.moves])


def test_sets_that_cannot_be_composed_are_learned_once():
    pair = ("preconditioned_keys", "slots_beside")  # their patches do not fit, and here no conflict is declared
    catalogue = Catalogue(TEMPLATE_SOURCE, {name: replace(ALL[name], conflicts=()) for name in pair})
    known = history(*(variant(number, move, score=0.9) for number, move in enumerate(pair, 1)))
    with pytest.raises(NothingToPropose):
        catalogue.choose(known, Random(0))
    excluded = catalogue.combinations.excluded
    assert [catalogue.combinations.sets[row] for row in range(len(excluded)) if excluded[row]] == [(0, 1)]


def test_it_chooses_what_was_not_tried_and_no_more_than_there_is():
    known = history(variant(1, SKIP), variant(2, RATE))
    catalogue = Catalogue(TEMPLATE_SOURCE, only(SKIP, RATE))
    assert set(catalogue.choose(known, Random(0)).moves) == {SKIP, RATE}
    with pytest.raises(NothingToPropose):
        catalogue.choose(history(*known.runs[1:], variant(3, SKIP, RATE)), Random(0))


def test_it_chooses_no_step_that_was_rejected_everywhere():
    known = history(variant(1, SKIP), rejected(2, RATE))
    catalogue = Catalogue(TEMPLATE_SOURCE, only(SKIP, RATE, TANH))
    assert all(RATE not in catalogue.choose(known, Random(seed)).moves for seed in range(20))
