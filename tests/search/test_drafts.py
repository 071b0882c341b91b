"""The next proposal, made in time."""

import threading
from dataclasses import replace
from random import Random

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import TEMPLATE
from agent.core.errors import Unavailable, UsageError
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import Review, Run
from agent.core.text import Text
from agent.llm import Interrupted
from agent.llm.spending import OutOfMoney
from agent.proposer import NothingToPropose, ProposalFailed
from agent.proposer.fallback import Fallback
from agent.proposer.patch import PatchRejected
from agent.science.history import History
from agent.search.drafts import Drafts
from agent.store.drafts import Draft, KeptDrafts
from agent.store.files import WorkspaceError
from agent.store.workspace import Workspace


def run(name, number, **facts):
    facts = {"card": sample_card()} | facts if facts.get("stage", "analysed") == "analysed" else facts
    stage = facts.pop("stage", "analysed")
    return Run(f"20250101_0000{number:02}", stage, sample_proposal(name), "smoke", FINGERPRINT, **facts)


BASE = run(TEMPLATE, 0)
THEN = History((BASE,), {})


class Scripted:
    """Proposes one name after the other, or fails as it is told to; waits until it may."""

    def __init__(self, *outcomes):
        self.outcomes = iter(outcomes)
        self.may = threading.Event()
        self.may.set()
        self.seen = []
        self.probed = self.closed = False

    def propose(self, history, parent, draw, idea=""):
        assert self.may.wait(30)
        self.seen.append((len(history.runs), parent.name, idea))
        outcome = next(self.outcomes)
        if isinstance(outcome, BaseException):
            raise outcome
        return sample_proposal(outcome)

    def probe(self):
        self.probed = True

    def close(self):
        self.closed = True
        self.may.set()


def drafting(*outcomes, slow=True, lines=None):
    proposer = Scripted(*outcomes)
    return Drafts(proposer, 0, proposer if slow else None, (lines if lines is not None else []).append), proposer


def test_a_draft_is_made_while_something_else_is_done():
    drafts, proposer = drafting("a", "b")
    proposer.may.clear()
    drafts.prepare(THEN)
    drafts.prepare(THEN)  # one at most
    proposer.may.set()
    now = History((BASE, run("x", 1)), {})
    assert drafts.next(now).proposal.name == "a"
    assert proposer.seen == [(1, TEMPLATE, "")]
    assert drafts.next(now).proposal.name == "b"


def test_a_quick_proposer_waits_for_the_result():
    drafts, proposer = drafting("a", slow=False)
    drafts.prepare(THEN)
    assert proposer.seen == []
    assert drafts.next(THEN).proposal.name == "a"


def test_a_draft_is_made_anew_where_a_proposal_was_rejected_since():
    lines = []
    drafts, _ = drafting("a", "b", lines=lines)
    drafts.prepare(THEN)
    rejected = run("no", 1, stage="rejected", review=Review("rejected", "me", "No."))
    assert drafts.next(History((BASE, rejected), {})).proposal.name == "b"
    assert lines == ["· dropped a, which was prepared: a proposal was rejected since"]


def test_a_draft_takes_a_name_that_is_free_by_now():
    drafts, _ = drafting("a")
    drafts.prepare(THEN)
    assert drafts.next(History((BASE, run("a", 1)), {})).proposal.name == "a_2"


BETTER = History((BASE, run("better", 1, card=sample_card(Memorize=0.9))), {})


def test_what_was_made_before_a_new_best_is_trained_while_the_next_is_made():
    drafts, proposer = drafting("a", "b")
    drafts.prepare(THEN)
    drafts.queue.wait(30)
    proposer.may.clear()  # the model thinks about the new best
    drafts.prepare(BETTER)
    assert drafts.next(BETTER).proposal.name == "a"


def test_what_was_made_for_the_picture_as_it_is_goes_before_what_is_older_and_a_repair_before_all():
    outcomes = [sample_proposal("old"), sample_proposal("new"), replace(sample_proposal("again"), repairs_of="x")]

    class Given(Scripted):
        def propose(self, history, parent, draw, idea=""):
            return outcomes.pop(0)

    proposer = Given()
    drafts = Drafts(proposer, 0, proposer, places=3)
    for history, places in ((THEN, 1), (BETTER, 2), (THEN, 3)):
        drafts.prepare(history, places)
        drafts.queue.wait(30)
    assert [drafts.next(BETTER).proposal.name for _ in range(3)] == ["again", "new", "old"]


def test_as_many_drafts_as_there_are_places_are_made_at_a_time_and_no_more_than_the_budget_has_room_for():
    drafts, proposer = drafting("a", "b", "c", "d")
    drafts.places = 3
    proposer.may.clear()
    drafts.prepare(THEN, 2)
    assert len(drafts.queue) == 2
    drafts.prepare(THEN)
    drafts.prepare(THEN)
    assert len(drafts.queue) == 3
    proposer.may.set()
    drafts.queue.wait(30)
    assert {drafts.next(THEN).proposal.name for _ in range(3)} == {"a", "b", "c"}
    assert len(drafts.queue) == 0


def test_what_waits_is_known_to_what_is_made_after_it():
    """It stands in the history as a proposal, so that its name and its repair are nobody else's."""
    seen = []

    class Reading(Scripted):
        def propose(self, history, parent, draw, idea=""):
            seen.append([(each.name, each.stage) for each in history.runs])
            return super().propose(history, parent, draw, idea)

    proposer = Reading("a", "b")
    drafts = Drafts(proposer, 0, proposer, places=2)
    drafts.prepare(THEN, 1)
    drafts.queue.wait(30)
    drafts.prepare(THEN)
    drafts.queue.wait(30)
    assert seen == [[(TEMPLATE, "analysed")], [(TEMPLATE, "analysed"), ("a", "proposed")]]


def test_a_draft_waits_for_the_readings_of_what_came_before():
    read = replace(BASE, analysis={"lessons": Text("Well.", "好。")})
    seen = []

    class Reading(Scripted):
        def propose(self, history, parent, draw, idea=""):
            seen.append(history.runs[0].analysis)
            return super().propose(history, parent, draw, idea)

    proposer = Reading("a")
    drafts = Drafts(proposer, 0, proposer, read=lambda history: replace(history, runs=(read,)))
    assert drafts.next(THEN).proposal.name == "a"
    assert seen == [read.analysis]


def test_who_stops_while_a_draft_is_waited_for_gets_none():
    def stop():
        raise Interrupted("you stopped it")

    drafts, proposer = drafting("a")
    drafts.waits = stop
    proposer.may.clear()
    with pytest.raises(Interrupted), drafts.open():
        drafts.next(THEN)
    assert proposer.closed


def talked(name, **facts):
    return replace(sample_proposal(name), conversation=f"talk_{name}", **facts)


def test_a_draft_that_cannot_be_written_is_the_failure_of_that_proposal(tmp_path):
    made = iter([talked("half", title=Text("Half of \ud83d a character.")), talked("b")])

    class Talking(Scripted):
        def propose(self, history, parent, draw, idea=""):
            return next(made)

    proposer, kept = Talking(), KeptDrafts(Workspace(tmp_path))
    drafts = Drafts(proposer, 0, proposer, kept=kept)
    draft = drafts.next(THEN)
    assert str(draft.failure.reason).startswith("the proposer raised ")
    assert (draft.proposal.parents, draft.proposal.conversation) == ((TEMPLATE,), "talk_half")
    assert kept.left() == [draft]
    assert drafts.next(THEN).proposal.name == "b"


def test_what_was_paid_for_is_kept_and_taken_up_by_the_next_search(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.create(sample_proposal(TEMPLATE), "smoke", FINGERPRINT, "evaluated", card=sample_card())
    history = workspace.history()

    class Talking(Scripted):
        def propose(self, history, parent, draw, idea=""):
            return talked(next(self.outcomes))

    first, lines = Talking("a", "b"), []
    drafts = Drafts(first, 0, first, places=2, kept=KeptDrafts(workspace))
    with drafts.open():
        drafts.prepare(history)
        drafts.queue.wait(30)
        a = drafts.next(history)
        workspace.create(a.proposal, "smoke", FINGERPRINT)  # and the search is killed before it uses the other
    left = {"a", "b"} - {a.proposal.name}

    second = Talking("c")
    drafts = Drafts(second, 0, second, lines.append, kept=KeptDrafts(workspace))
    with drafts.open():
        assert {drafts.next(workspace.history()).proposal.name} == left
        workspace.create(talked(*left), "smoke", FINGERPRINT)
        assert drafts.next(workspace.history()).proposal.name == "c"
    assert lines == [f"· {left.pop()}, which was proposed before, is taken up"]
    assert [draft.proposal.name for draft in KeptDrafts(workspace).left()] == ["c"]


def test_a_persons_idea_that_was_answered_before_a_stop_is_not_asked_again(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.create(sample_proposal(TEMPLATE), "smoke", FINGERPRINT, "evaluated", card=sample_card())
    KeptDrafts(workspace).keep(Draft(talked("a", idea="an idea", parents=(TEMPLATE,))))
    proposer = Scripted("b", "c")
    drafts = Drafts(proposer, 0, proposer, kept=KeptDrafts(workspace))
    with drafts.open():
        history = workspace.history()
        assert drafts.next(history, "another idea").proposal.name == "b"
        assert drafts.next(history, "an idea").proposal.name == "a"
        assert drafts.next(history, "an idea").proposal.name == "c"


def test_what_somebody_else_registered_meanwhile_is_not_registered_again(tmp_path):
    workspace = Workspace(tmp_path)
    proposer = Scripted()
    proposer.propose = lambda *given: talked("a") if not workspace.history().find("a") else talked("b")
    drafts = Drafts(proposer, 0, proposer, kept=KeptDrafts(workspace))
    drafts.prepare(THEN)
    drafts.queue.wait(30)
    now = History((BASE, Run("20250101_000009", "proposed", talked("a"), "smoke", FINGERPRINT)), {})
    proposer.propose = lambda *given: talked("b")
    assert drafts.next(now).proposal.name == "b"


def test_a_draft_stays_where_a_result_is_only_noise():
    drafts, _ = drafting("a", "b")
    drafts.prepare(THEN)
    assert drafts.next(History((BASE, run("x", 1, card=sample_card(Memorize=0.51))), {})).proposal.name == "a"


def test_a_persons_idea_is_kept_with_what_came_of_it():
    drafts, _ = drafting("a", "b", slow=False)
    assert drafts.next(THEN, "an idea").proposal.idea == "an idea"
    assert drafts.next(THEN).proposal.idea == ""


def test_an_idea_is_not_answered_with_what_was_prepared_without_it():
    drafts, proposer = drafting("a", "b")
    drafts.prepare(THEN)
    assert drafts.next(THEN, "an idea").proposal.name == "b"
    assert proposer.seen[1] == (1, TEMPLATE, "an idea")
    assert drafts.next(THEN).proposal.name == "a"


def test_what_a_person_asks_for_is_begun_before_it_is_waited_for():
    drafts, proposer = drafting("a")
    proposer.may.clear()
    assert not drafts.ready(THEN, "an idea")
    proposer.may.set()
    assert drafts.next(THEN, "an idea").proposal.name == "a"
    assert proposer.seen == [(1, TEMPLATE, "an idea")]
    assert drafting(slow=False)[0].ready(THEN)


def test_what_fails_is_a_draft_with_its_reason():
    failure = Failure("unusable reply", Reason.said("no"))
    drafts, _ = drafting(ProposalFailed(sample_proposal("a"), failure))
    drafts.prepare(THEN)
    draft = drafts.next(History((BASE, run("better", 1, card=sample_card(Memorize=0.9))), {}))
    assert (draft.proposal.name, draft.failure) == ("a", failure)


def test_what_failed_in_training_is_repaired_first_unless_a_person_wants_something_else():
    class Repairing(Scripted):
        def repair(self, history):
            return sample_proposal("repaired")

    drafts = Drafts(Repairing("a", "b", "c"), 0)
    assert drafts.next(THEN).proposal.name == "repaired"
    assert drafts.next(THEN, "an idea").proposal.name == "a"
    assert drafts.next(THEN, parent=TEMPLATE).proposal.name == "b"
    assert Drafts(Fallback(drafts.proposer, Scripted(), print), 0).next(THEN).proposal.name == "repaired"


def test_what_goes_wrong_ahead_is_heard_when_the_draft_is_wanted():
    drafts, _ = drafting(Unavailable("gone"))
    drafts.prepare(THEN)
    with pytest.raises(Unavailable, match="gone"):
        drafts.next(THEN)


class Odd(BaseException):
    """What is neither an error nor an interruption of ours."""


@pytest.mark.parametrize(
    "error",
    [
        KeyError("choices"), RecursionError("too deep"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
        MemoryError(), AttributeError("'str' object has no attribute 'data'"), ZeroDivisionError(), StopIteration(),
        AssertionError(""), ValueError("line one\nline two"), OSError(5, "io"), TimeoutError(),
        PatchRejected(Reason("failure.block_incomplete")),
        ExceptionGroup("g", [OSError()]),
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("slow", [True, False])
def test_whatever_a_proposer_raises_is_the_failure_of_that_call(error, slow):
    drafts, _ = drafting(error, "b", slow=slow)
    drafts.prepare(THEN)
    draft = drafts.next(THEN)
    assert draft.failure.kind == "unusable reply"
    assert str(draft.failure.reason).startswith(f"the proposer raised {type(error).__name__}")
    assert "Traceback" in draft.failure.log_tail
    assert "test_drafts.py" in draft.failure.log_tail
    assert (draft.proposal.parents, draft.proposal.source) == ((TEMPLATE,), BASE.proposal.source)
    assert drafts.next(THEN).proposal.name == "b"


@pytest.mark.parametrize("error", [Odd(), KeyboardInterrupt(), SystemExit(3), Unavailable("gone"), Interrupted("you"),
                                   OutOfMoney(1, 0, 1), WorkspaceError("the disk is full")], ids=repr)  # fmt: skip
@pytest.mark.parametrize("slow", [True, False])
def test_what_is_no_fault_of_a_proposer_is_raised_again(error, slow):
    drafts, _ = drafting(error, slow=slow)
    drafts.prepare(THEN)
    with pytest.raises(type(error)):
        drafts.next(THEN)


def test_a_persons_idea_that_makes_no_sense_is_told_to_them():
    drafts, _ = drafting(UsageError("there is no move of this name"), UsageError("nor of that"))
    with pytest.raises(UsageError, match="no move of this name"):
        drafts.next(THEN, "an idea")
    assert str(drafts.next(THEN).failure.reason) == "the proposer raised UsageError: nor of that"


def test_a_repair_that_raises_is_not_in_the_way_of_what_comes_after():
    class Repairing(Scripted):
        def repair(self, history):
            raise KeyError("transcript")

    drafts = Drafts(Repairing("a", "b"), 0)
    assert "KeyError: 'transcript'" in str(drafts.next(THEN).failure.reason)
    assert drafts.next(THEN).proposal.name == "a"


def test_a_key_in_what_was_raised_is_kept_nowhere(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-\nabcdefgh12345678")
    drafts, _ = drafting(ValueError("Bearer sk-\nabcdefgh12345678"), slow=False)
    failure = drafts.next(THEN).failure
    assert "abcdefgh" not in f"{failure.reason} {failure.log_tail}"


def test_the_next_parent_is_tried_where_nothing_is_left_of_one():
    drafts, proposer = drafting(NothingToPropose("x"), "a")
    assert drafts.next(History((BASE, run("x", 1)), {})).proposal.name == "a"
    assert len({parent for _, parent, _ in proposer.seen}) == 2
    drafts, _ = drafting(NothingToPropose("x"))
    assert drafts.next(THEN) is None


def test_a_search_knocks_first_and_hangs_up_at_its_end():
    drafts, proposer = drafting("a")
    with drafts.open():
        assert proposer.probed
        proposer.may.clear()
        drafts.prepare(THEN)
    assert proposer.closed
    assert drafts.queue.ready


def test_who_only_trains_asks_nobody():
    _, proposer = drafting("a")
    drafts = Drafts(None, 0, proposer)
    with drafts.open():
        drafts.prepare(THEN)
        assert drafts.next(THEN) is None
    assert not proposer.probed


def test_the_second_proposer_steps_in_while_the_first_is_away():
    lines = []
    first, second = Scripted(Unavailable("gone"), "b", Unavailable("gone")), Scripted("a")
    both = Fallback(first, second, lines.append)
    assert both.propose(THEN, BASE, Random(0)).name == "a"
    assert lines == ["· gone; the catalogue proposes meanwhile"]
    assert both.propose(THEN, BASE, Random(0)).name == "b"
    with pytest.raises(Unavailable):  # a person's own words are for a model alone
        both.propose(THEN, BASE, Random(0), "an idea")
