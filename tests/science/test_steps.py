"""What a proposal does to its parent, and which of that must never come again."""

from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import TEMPLATE
from agent.core.run import PERSON, Review, Run
from agent.science.history import History
from agent.science.steps import Step, barred_steps, is_barred, steps_of, waiting_alike


def run(name, *moves, parents=(TEMPLATE,), stage="analysed", review=None):
    proposal = sample_proposal(name, parents=parents, moves=moves)
    card = sample_card() if stage == "analysed" else None
    return Run(f"20250101_{name}", stage, proposal, "smoke", FINGERPRINT, review=review, card=card)


NEVER = Review("rejected", PERSON, "it forgets", everywhere=True)
ROOT, ONE, BOTH = run(TEMPLATE, parents=()), run("a", "a"), run("ab", "a", "b", parents=("a",))


def test_a_step_is_told_in_moves():
    assert Step.between("ab", "bcd").text["en"] == Step.between("ab", "bcd").text["zh"] == "+c +d −a"


def test_a_proposal_has_a_step_from_each_parent_where_its_moves_are_known():
    history = History((ROOT, ONE, BOTH, run("c", "c")), {})
    assert steps_of(history, sample_proposal(moves=("a", "c"), parents=("a", "c"))) == (
        Step(frozenset("c"), frozenset()), Step(frozenset("a"), frozenset()),
    )  # fmt: skip
    assert steps_of(history, sample_proposal(moves=("b",), parents=("ab",)))[0].taken_back == {"a"}
    assert steps_of(history, sample_proposal(moves=(), parents=("ab",))) == ()  # a model's: nobody knows its moves
    assert steps_of(history, sample_proposal(moves=("a",), parents=("gone",))) == ()


def test_what_is_rejected_everywhere_is_barred_from_every_parent_and_nothing_else_is():
    rejected = run("abc", "b", parents=("ab",), stage="rejected", review=NEVER)
    here = run("ac", "a", "c", parents=("a",), stage="rejected", review=Review("rejected", PERSON, "not now"))
    barred = barred_steps(History((ROOT, ONE, BOTH, rejected, here), {}))
    assert barred == (Step(frozenset(), frozenset("a")),)
    assert is_barred([Step.between("axy", "xy")], barred)
    assert is_barred([Step.between("axy", "x")], barred)  # and more besides
    assert not is_barred([Step.between("x", "ax"), Step.between("a", "ac")], barred)
    assert not is_barred([], barred)


def test_what_waits_and_does_the_same_is_found():
    first, other, more, another, done = (
        run("x", "x", stage="proposed"),
        run("ax", "a", "x", parents=("a",), stage="proposed"),
        run("abxy", "a", "b", "x", "y", parents=("ab",), stage="proposed"),
        run("y", "y", stage="proposed"),
        run("bx", "b", "x", stage="approved"),
    )
    history = History((ROOT, ONE, BOTH, first, other, more, another, done), {})
    assert waiting_alike(history, first) == (other, more)
    assert waiting_alike(history, more) == ()
