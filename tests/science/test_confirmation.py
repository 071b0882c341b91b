"""Only what holds on seeds that no choice ever saw is called a winner."""

from dataclasses import replace

import pytest
from axis_cards import AT_LENGTH, TEMPLATE_SCORES, axis_card, axis_history
from made_scores import history
from sample_cards import sample_card

from agent.core.run import BASELINE
from agent.core.score import Confirmation
from agent.core.text import ENGLISH
from agent.science.confirmation import FINALISTS, confirmed, finalists, standing_of, winner
from agent.science.history import History

LEVEL = dict.fromkeys(("Compress", "Context_Recall", "Fuzzy_Recall", "Memorize", "Noisy_Recall", "Selective_Copy"), 0.5)


def with_fresh(known: History, **averages: float) -> History:
    """The same with scores on fresh seeds of the runs at these places: run0 is the template."""
    fresh = {
        known.runs[int(place.removeprefix("run"))].id: Confirmation(1, sample_card(**dict.fromkeys(LEVEL, average)))
        for place, average in averages.items()
    }
    return replace(known, confirmations=fresh)


def test_finalists_are_the_most_probably_better():
    known = history("a", "b", "c", "ab", "ac", "abc", noise=0.002)
    chosen = finalists(known)
    assert 0 < len(chosen) <= FINALISTS
    assert all("a" in run.proposal.moves for run in chosen)


def test_without_fresh_seeds_nothing_is_a_winner():
    known = history("a", noise=0.002)
    assert winner(known) is None
    assert confirmed(known, known.runs[1]) is None
    said = standing_of(known, known.runs[1])[ENGLISH]
    assert said.startswith("best of 1, not confirmed")
    assert winner(with_fresh(known, run1=0.9)) is None  # the template has none: there is nothing to compare with


def test_a_winner_is_told_with_its_interval_on_fresh_seeds():
    known = with_fresh(history("a", "c", noise=0.002), run0=0.5, run1=0.7, run2=0.5)
    assert winner(known) == known.runs[1]
    found = confirmed(known, known.runs[1])
    assert found.margin == pytest.approx(0.2)
    said = standing_of(known, known.runs[1])[ENGLISH]
    assert said.startswith("a winner, better: memory +0.8")
    assert "average +0.200 (95%: +0." in said
    assert not confirmed(known, known.runs[2]).winner
    assert standing_of(known, known.runs[2])[ENGLISH].startswith("not confirmed on fresh seeds, indistinguishable: ")


def test_a_known_variant_that_is_ahead_on_fresh_seeds_is_no_winner_and_nothing_that_failed():
    known = with_fresh(history("a", noise=0.002), run0=0.5, run1=0.7)
    ours = known.runs[1]
    theirs = replace(ours, proposal=replace(ours.proposal, author=BASELINE))
    known = replace(known, runs=(known.runs[0], theirs))
    assert winner(known) is None
    said = standing_of(known, theirs)
    assert said[ENGLISH].startswith("a known variant, on fresh seeds better: memory +0.8")
    assert said["zh"].startswith("已知变体，在全新种子上")


def test_what_is_worse_on_fresh_seeds_is_no_winner():
    known = with_fresh(history("a", noise=0.002), run0=0.7, run1=0.5)
    assert winner(known) is None


def test_a_winner_is_one_by_the_objective_and_loses_no_memory():
    """Memorize alone carries the average and the gain; what forgets Fuzzy Recall for it is no winner."""
    learns = axis_card((0.53, *TEMPLATE_SCORES[1:3], 0.9, *TEMPLATE_SCORES[4:]), AT_LENGTH, shift=0.01)
    forgets = axis_card((0.53, 0.99, 0.30, 0.9, *TEMPLATE_SCORES[4:]), AT_LENGTH, shift=0.01)
    known = axis_history(learns=learns, forgets=forgets)
    fresh = {run.id: Confirmation(1, run.card) for run in known.scored}
    known = replace(known, confirmations=fresh)
    learner, forgetter = known.find("learns"), known.find("forgets")
    assert (winner(known), finalists(replace(known, confirmations={}))) == (learner, [learner])
    assert standing_of(known, learner)[ENGLISH].startswith("a winner, learns faster, memory kept: memory +0.00")
    found = confirmed(known, forgetter)
    assert (found.winner, found.margin > 0) == (False, True)
    said = "not confirmed on fresh seeds, learns faster, memory lost; surely below the floor on Fuzzy Recall: memory -"
    assert standing_of(known, forgetter)[ENGLISH].startswith(said)
    assert winner(replace(known, objective="memory")) is None


def test_what_is_not_confirmed_is_told_in_log_odds_and_of_the_average():
    learns = axis_card((0.53, *TEMPLATE_SCORES[1:3], 0.9, *TEMPLATE_SCORES[4:]), AT_LENGTH, shift=0.01)
    said = standing_of(axis_history(learns=learns), axis_history(learns=learns).find("learns"))[ENGLISH]
    assert said.startswith("best of 1, not confirmed on fresh seeds; probably +")
    assert "log-odds, +0." in said
