"""The estimated effect of each move."""

import pytest
from made_scores import TRUE, history
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.resources import MOVES, TEMPLATE_FILE
from agent.core.run import Run
from agent.core.score import MAD_TASKS
from agent.proposer.moves import compose, load_moves
from agent.science.effects import PRIOR_STD, effects, measured_effects, mechanism_effects, moves_within
from agent.science.estimate import AVERAGE
from agent.science.history import History


def test_without_runs_there_is_what_was_expected():
    known = effects(History((), {}), {"a": {"Memorize": 0.2}})
    assert known["a"]["Memorize"].mean == pytest.approx(0.2)
    assert known["a"]["Memorize"].error == pytest.approx(PRIOR_STD)
    assert known["a"][AVERAGE].mean == pytest.approx(0.2)
    assert not known["a"]["Memorize"].certain


def test_known_effects_are_found():
    known = effects(history("a", "b", "c", "ab", "bc", "ac", "abc"), {})
    for move, value in TRUE.items():
        for task in (*MAD_TASKS, AVERAGE):
            found = known[move][task]
            assert abs(found.mean - value) < 3 * found.error
            assert found.runs == 4
    assert known["a"][AVERAGE].certain
    assert known["b"][AVERAGE].certain
    assert not known["c"][AVERAGE].certain


def test_more_runs_make_it_surer():
    one, many = effects(history("a"), {}), effects(history(*["a"] * 8), {})
    assert many["a"]["Memorize"].error < one["a"]["Memorize"].error < PRIOR_STD


def test_what_was_measured_is_told_as_measured():
    """Nothing is drawn towards zero, and of moves that were never tried apart nothing is claimed."""
    known = history("a", noise=0.0)
    assert effects(known, {})["a"][AVERAGE].mean < 0.09
    assert measured_effects(known)["a"][AVERAGE].mean == pytest.approx(0.1, abs=1e-3)
    together = measured_effects(history("ab", noise=0.0))
    assert not together["a"][AVERAGE].certain
    assert together["a"][AVERAGE].mean + together["b"][AVERAGE].mean == pytest.approx(0.05, abs=1e-3)


def test_a_wrong_expectation_gives_way():
    known = effects(history(*["a"] * 8), {"a": {"Memorize": -0.3}, "never tried": {}})
    assert known["a"]["Memorize"].mean == pytest.approx(0.1, abs=0.03)
    assert known["never tried"]["Memorize"].mean == 0
    assert known["never tried"]["Memorize"].runs == 0


def test_variants_that_no_moves_made_say_nothing():
    known = history("a")
    stranger = Run("9", "analysed", sample_proposal("gated"), "smoke", FINGERPRINT, card=sample_card(Memorize=1.0))
    assert effects(History((*known.runs, stranger), {}), {}) == effects(known, {})


CODE = TEMPLATE_FILE.read_text(encoding="utf-8")
EFFECTS = {"decay": 0.1, "value skip": 0.2, "bounded error": 0.0}


def written(number, *moves, author="a model", noise=0.0, gain=None, named=None):
    """A scored run of code in which moves are made, though its proposal does not say so."""
    source = compose(CODE, [load_moves(MOVES)[move] for move in moves])
    name = "delta_net_4layer" if not moves else f"delta_net_4layer_{number}"
    true = {"data_dependent_decay": 0.1, "learned_decay_per_head": 0.1, "value_skip": 0.2}
    gain = sum(true.get(move, 0.0) for move in moves) if gain is None else gain
    scores = {task.replace(" ", "_"): 0.4 + gain for task in MAD_TASKS}
    proposal = sample_proposal(name, source, author, mechanisms=named)
    return Run(str(number), "analysed", proposal, "smoke", FINGERPRINT, card=sample_card(**scores))


def test_what_a_model_wrote_enters_effects_by_what_its_code_holds():
    runs = (
        written(0), written(1, "data_dependent_decay"), written(2, "learned_decay_per_head", "value_skip"),
        written(3, "value_skip"), written(4, "tanh_on_error_before_state_update"),
        written(5, "tanh_on_error_before_state_update", "value_skip"),
    )  # fmt: skip
    known = mechanism_effects(History(runs, {}))
    assert known.keys() == EFFECTS.keys()
    for name, value in EFFECTS.items():
        assert known[name][AVERAGE].mean == pytest.approx(value, abs=0.01)
        assert known[name]["Memorize"].runs == {"decay": 2, "value skip": 3, "bounded error": 2}[name]
    assert known["value skip"][AVERAGE].certain
    assert not known["bounded error"][AVERAGE].certain
    assert measured_effects(History(runs, {})) == {}


def test_what_its_author_named_counts_though_it_is_not_found_in_the_code():
    runs = (written(0), written(1, "local_intra_chunk_bias", gain=0.1), written(2, named=("slots",), gain=0.3))
    assert mechanism_effects(History((*runs[:2],), {})) == {}
    runs = (*runs[:2], Run("2", "analysed", sample_proposal("x", mechanisms=("slots",)), "smoke", FINGERPRINT,
                           card=sample_card(Memorize=1.0)))  # fmt: skip
    assert mechanism_effects(History(runs, {})).keys() == {"slots"}


def test_a_move_is_within_a_variant_if_the_code_holds_all_that_the_move_makes():
    def moved(run, *moves):
        return Run(run.id, run.stage, sample_proposal(run.name, run.proposal.source, moves=moves), "smoke", FINGERPRINT,
                   card=run.card)  # fmt: skip

    runs = (
        written(0),
        moved(written(1, "value_skip"), "value_skip"),
        moved(written(2, "slots_beside"), "slots_beside"),
        moved(written(3, "local_intra_chunk_bias"), "local_intra_chunk_bias"),
    )
    known = History(runs, {})
    assert moves_within(known, {"value skip", "decay"}) == {"value_skip"}
    assert moves_within(known, {"slots"}) == frozenset()  # a second memory it is not
    assert moves_within(known, {"slots", "second memory"}) == {"slots_beside"}
