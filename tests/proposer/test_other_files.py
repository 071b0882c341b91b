"""What the catalogue makes of a published mixer, and what it learns there."""

from random import Random
from statistics import fmean

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import TEMPLATE, published_paths
from agent.core.resources import MOVES, TEMPLATE_FILE
from agent.core.run import Run
from agent.core.score import MAD_TASKS
from agent.evaluator.protocols import QUICK
from agent.proposer import NothingToPropose
from agent.proposer.catalogue import Catalogue
from agent.proposer.known import known_variant
from agent.proposer.moves import compose, load_moves
from agent.science.beliefs import ROOT_STD, believe, on, shrunken_margins
from agent.science.history import History
from agent.search.assembly import make_catalogue

ALL = load_moves(MOVES)
SKIP, CORRECTION, TANH = "value_skip", "output_correction", "tanh_on_error_before_state_update"
DECAY = "data_dependent_decay"  # no line of KDA is one that it changes
KDA = known_variant("kda")


def scored(number, proposal, level):
    scores = {task.replace(" ", "_"): level for task in MAD_TASKS}
    return Run(f"20250101_{number:06}", "analysed", proposal, "smoke", FINGERPRINT, card=sample_card(**scores))


def made(number, level, *moves, of=KDA, parents=("kda",)):
    source = compose(of.source, [ALL[move] for move in moves])
    return scored(number, sample_proposal(f"made_{number}", source, parents=parents, moves=moves), level)


def history(*more, kda=0.7):
    return History((scored(0, known_variant(TEMPLATE), 0.5), scored(1, KDA, kda), *more), {}, objective="average")


def catalogue(*names):
    return Catalogue(TEMPLATE_FILE.read_text(), {name: ALL[name] for name in names})


def test_a_move_is_learned_from_what_it_did_on_another_file():
    """The file lies .2 above the template, and the move .1 above the file: it is the move that gets the .1."""
    known = history(*(made(number, 0.8, SKIP) for number in range(2, 6)))
    beliefs = [believe(known, {SKIP: {}, TANH: {}}, Random(seed)) for seed in range(40)]
    there = fmean(each.drawn_on("kda")[SKIP] for each in beliefs)
    assert there == pytest.approx(0.1, abs=0.03)
    on_the_template = fmean(each.drawn_on(TEMPLATE)[SKIP] for each in beliefs)
    assert there - 3 * ROOT_STD < on_the_template < there
    assert (SKIP, on("kda")) in beliefs[0].drawn
    assert abs(fmean(each.drawn[TANH] for each in beliefs)) < 0.02


def test_margins_of_what_was_made_of_a_file_are_the_files_and_what_moves_add():
    good, lucky = made(2, 0.75, SKIP), made(3, 0.69, TANH)
    margins = shrunken_margins(history(good, lucky))
    file = margins[history().runs[1].id]
    assert 0.0 < file < 0.2
    assert margins[good.id] > file > margins[lucky.id]
    assert margins[good.id] - file < 0.05


def test_it_chooses_on_the_files_that_a_search_starts_from_the_sets_that_promise_most_there():
    helped = [made(number, 0.8, SKIP) for number in (2, 3)] + [made(number, 0.8, CORRECTION) for number in (4, 5)]
    known = history(*helped, made(6, 0.5, TANH))
    family = {run.name for run in known.runs[1:]}
    chosen = [catalogue(SKIP, CORRECTION, TANH, DECAY).choose(known, Random(seed), family) for seed in range(12)]
    assert sum({*each.moves} == {SKIP, CORRECTION} for each in chosen) > 6
    assert all(each.parents[0] in family and "channel_decay_between" in each.source for each in chosen)
    assert all(DECAY not in each.moves for each in chosen)


def test_files_are_weighed_with_what_can_be_made_on_them():
    """A file far above the template is gone on from, one far below it is not."""
    for level, above in ((0.9, True), (0.1, False)):
        known = history(kda=level)
        chosen = [catalogue(SKIP, TANH).choose(known, Random(seed)).parents[0] for seed in range(12)]
        assert (chosen.count("kda") > 8) == above
        assert (chosen.count(TEMPLATE) > 8) != above


def test_where_one_that_is_named_was_made_of_moves_itself_it_leaves_the_choice_of_a_parent():
    known = history(made(2, 0.8, SKIP))
    assert catalogue(SKIP, TANH).choose(known, Random(0), {"made_2"}) is None
    with pytest.raises(NothingToPropose):
        catalogue(SKIP).choose(known, Random(0), {"kda", "made_2"})


def test_what_takes_more_parameters_than_the_budget_is_made_only_for_somebody_who_asks():
    """It is called larger, whatever it scores: a night has no time for it."""
    known = history()
    allowed = known.budget.parameters * known.baseline.card.parameters

    def parameters(source):
        return allowed + 1 if "skipped" in source else allowed

    frugal = Catalogue(TEMPLATE_FILE.read_text(), {name: ALL[name] for name in (SKIP, TANH, CORRECTION)}, parameters)
    chosen = {frugal.choose(known, Random(seed)).moves for seed in range(12)}
    assert all(SKIP not in moves for moves in chosen)
    assert all(SKIP not in frugal.propose(known, known.baseline, Random(seed)).moves for seed in range(6))
    assert frugal.propose(known, known.baseline, Random(0), SKIP).moves == (SKIP,)


def test_parameters_are_counted_by_what_a_file_declares():
    counted = make_catalogue(QUICK).parameters
    template = counted(TEMPLATE_FILE.read_text())
    gated = counted(published_paths()["path_gate_fusion"].read_text())
    assert (template, gated) == (111_424, 114_500)
