"""What was confirmed is verified beside the template, once each, as far as the hours reach; nothing is trained here."""

import shutil
from dataclasses import dataclass, field, replace

import pytest
from sample_cards import sample_proposal
from scored_by_source import GOOD, THREE_SEEDS, Evaluator
from small_search import TEMPLATE_SOURCE, Script, small_search
from verified_cards import NO_MEMORY, NO_PAIRS, TEMPLATE_PAIRS, verified_card

from agent.core.errors import UsageError
from agent.core.failure import Failure
from agent.core.languages import LANGUAGES
from agent.core.reason import Reason
from agent.core.text import ENGLISH
from agent.evaluator.assignment import Assignment
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import TEXT_SMALL, VERIFY, VERIFYING, VERIFYING_SEED
from agent.science.verification import to_verify, verdict_of
from agent.science.verification_words import verified
from agent.search import verification
from agent.search.budget import Budget, Ledger
from agent.search.verification import SHARE, Verifying
from agent.store.folder import NOTE
from agent.store.workspace import Workspace

CONTROL = TEMPLATE_SOURCE + "\n# control\n"


class Verifier(Evaluator):
    """Scores rows by their source as ever, and verifications by cards made up beforehand."""

    def __init__(self, row=1.0):
        super().__init__(row)
        self.verified = []
        self.cards = {
            TEMPLATE_SOURCE: verified_card(own=0.0),
            GOOD: verified_card(pairs={**TEMPLATE_PAIRS, 32: 0.97}),
            CONTROL: verified_card(NO_MEMORY, NO_PAIRS, state=4),
        }

    def __call__(self, assignment, watch):
        if assignment.protocol.name != VERIFY.name:
            return super().__call__(assignment, watch)
        self.verified.append(assignment.source)
        self.now += self.row
        card = self.cards[assignment.source]
        return replace(card, fingerprint=assignment.protocol.fingerprint, test_seed=assignment.test_seed, seconds=60.0)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The folder of a search that found something good and confirmed it."""
    root = tmp_path_factory.mktemp("night")
    good, control = (sample_proposal(f"delta_net_4layer_{n}", source) for n, source in (("good", GOOD), ("x", CONTROL)))
    search = small_search(root, proposer=Script(good, control), evaluator=Verifier())
    search.protocol = THREE_SEEDS
    search.ledger = search.journal.ledger = Ledger(Budget(hours=1.0, runs=2))
    search.check = lambda history, proposal: ()
    search.run()
    return root


@dataclass
class Night:
    """The same, of which nothing is verified yet, and what trains it."""

    workspace: Workspace
    verifier: Verifier = field(default_factory=Verifier)
    lines: list[str] = field(default_factory=list)

    def train(self, training):
        source, seed = training.run.proposal.source, self.workspace.test_seed()
        return self.verifier(Assignment(source, training.protocol, test_seed=seed), None)


@pytest.fixture
def night(ended, tmp_path):
    shutil.copytree(ended, tmp_path, dirs_exist_ok=True)
    return Night(Workspace(tmp_path))


def verifying(night, hours=None):
    """As the verb makes it, with a new budget."""
    ledger = Ledger(Budget(hours=hours), clock=night.verifier.clock)
    return Verifying(night.workspace, THREE_SEEDS, ledger, night.lines.append, (VERIFY,))


def found(night, name):
    return night.workspace.history().find(f"delta_net_4layer{name}")


def test_the_seeds_are_beyond_those_of_a_confirmation():
    assert min(replica.seed for replica in VERIFY.replicas()) == VERIFYING_SEED
    assert all(sorted(plan.longer) == [2, 4, 8] for plan in VERIFY.plans)
    pairs = {(*each.pairs, *(s.pairs for s in each.settings)) for each in VERIFY.plans if each.pairs}
    assert [sorted(each) for each in pairs] == [[4, 8, 16, 32, 64]]


def test_the_template_comes_first_and_what_was_verified_is_not_trained_again(night):
    good, control = found(night, "_good"), found(night, "_x")
    assert verifying(night).verify(night.train, [good], [control]) == []
    assert night.verifier.verified == [TEMPLATE_SOURCE, GOOD, CONTROL]
    assert verifying(night).verify(night.train, [good, control]) == []
    assert len(night.verifier.verified) == 3
    history = Workspace(night.workspace.root).history()
    assert set(history.verifications) == {run.id for run in history.scored}
    assert verdict_of(history, good).headline.holding == "holds"
    assert verdict_of(history, control).headline.holding == "lost"
    note = (night.workspace.folder(good) / NOTE).read_text(encoding="utf-8")
    for code in LANGUAGES:
        assert verified(history, good)[code] in note
    assert list(night.workspace.rows()) == [run.name for run in history.scored]


def test_as_much_as_the_hours_reach_and_the_rest_another_time(night):
    good = found(night, "_good")
    begun = verifying(night, hours=1.5 / 3600)
    begun.expected = lambda history, protocol: 1.0
    left = begun.verify(night.train, [good])
    assert night.verifier.verified == [TEMPLATE_SOURCE]
    assert [each.run for each in left] == [good]
    history = night.workspace.history()
    assert verified(history, good) is None
    assert verifying(night).verify(night.train, [good]) == []
    assert night.verifier.verified == [TEMPLATE_SOURCE, GOOD]


def test_an_interruption_ends_after_the_training_under_way(night):
    good, begun = found(night, "_good"), verifying(night)

    def interrupted(training):
        begun.ledger.interrupted = True
        return night.train(training)

    assert [each.run for each in begun.verify(interrupted, [good])] == [good]
    assert night.verifier.verified == [TEMPLATE_SOURCE]


def test_what_fails_is_told_and_the_others_go_on(night):
    good, control = found(night, "_good"), found(night, "_x")

    def failing(training):
        if training.run == good:
            raise EvaluationFailed(Failure("crash", Reason.said("a bad length")))
        return night.train(training)

    assert verifying(night).verify(failing, [good, control]) == []
    assert night.verifier.verified == [TEMPLATE_SOURCE, CONTROL]
    assert any("delta_net_4layer_good is not verified: crash: a bad length" in line for line in night.lines)
    assert not any(line.startswith("· verify: delta_net_4layer_x holds") for line in night.lines)


def test_only_winners_on_fresh_seeds_are_to_be_verified(night):
    assert [run.name for run in to_verify(night.workspace.history())] == ["delta_net_4layer_good"]


def test_a_training_is_foreseen_by_the_tokens_of_a_row_and_then_by_the_template(night):
    history, begun = night.workspace.history(), verifying(night)
    tokens = [sum(replica.tokens for replica in each.replicas()) for each in (VERIFY, THREE_SEEDS)]
    row = history.baseline.card.seconds
    assert begun.expected(history, VERIFY) == pytest.approx(row * tokens[0] / tokens[1])
    begun.verify(night.train, [])
    assert begun.expected(night.workspace.history(), VERIFY) == 60.0


def test_text_comes_last_and_is_read_where_the_settings_say(night, tmp_path):
    (tmp_path / "text").mkdir()
    for number in range(40):
        (tmp_path / "text" / f"{number}.txt").write_text(f"{number} is not {number + 1}.\n" * 400)
    good, begun = found(night, "_good"), verifying(night)
    begun.protocols, begun.text = VERIFYING, str(tmp_path / "text")
    missing = begun.missing(night.workspace.history(), [good])
    assert [(each.protocol.name, each.run.name) for each in missing] == [
        (name, run) for name in ("verify", "text-small") for run in ("delta_net_4layer", "delta_net_4layer_good")
    ]
    assert missing[-1].protocol.text.path == str(tmp_path / "text")
    assert missing[-1].protocol.fingerprint != TEXT_SMALL.fingerprint  # which knows no digest
    begun.text = str(tmp_path / "nowhere")
    del begun.by
    with pytest.raises(UsageError, match="nowhere"):
        begun.missing(night.workspace.history(), [good])


def test_the_terminal_says_the_verdict_in_words(night):
    good = found(night, "_good")
    verifying(night).verify(night.train, [good])
    said = verified(night.workspace.history(), good)[ENGLISH]
    assert f"· verify: delta_net_4layer_good {said}" in night.lines
    assert said.startswith("holds at 2 times its length")


# The end of a night


def night_with(root, evaluator, hours):
    """A search with the protocol that verifies, in hours by the evaluator's own clock, that proposes something good."""
    good = sample_proposal("delta_net_4layer_good", GOOD)
    search = small_search(root, proposer=Script(good), evaluator=evaluator, verifies_by=(VERIFY,))
    search.protocol = THREE_SEEDS
    search.ledger = search.journal.ledger = Ledger(Budget(hours=hours, runs=1), clock=evaluator.clock)
    search.check = lambda history, proposal: ()
    return search


def test_a_night_ends_with_its_winner_and_the_template_verified(tmp_path):
    evaluator, phases = Verifier(row=0.01), []
    search = night_with(tmp_path, evaluator, hours=1.0)
    search.journal.show = lambda status: phases.append(status.phase)
    search.run()
    assert evaluator.verified == [TEMPLATE_SOURCE, GOOD]
    history = Workspace(tmp_path).history()
    assert verdict_of(history, history.find("delta_net_4layer_good")).headline.holding == "holds"
    assert phases.index("verifying") > phases.index("confirming")


def test_what_does_not_fit_into_the_hours_of_a_night_waits_for_the_verb(tmp_path):
    evaluator = Verifier(row=1.0)  # by whose tokens a verification would take far more than what is left
    night_with(tmp_path, evaluator, hours=0.01).run()
    assert evaluator.verified == []
    assert to_verify(Workspace(tmp_path).history())


def test_a_tenth_of_the_hours_is_kept_where_it_is_enough_for_a_winner_and_the_template(night):
    history = night.workspace.history()
    assert verifying(night).reserve(history) == 0.0
    begun = verifying(night, hours=2.0)
    for expected, kept in ((360.0, SHARE * 7200), (361.0, 0.0)):
        begun.expected = lambda history, protocol, expected=expected: expected
        assert begun.reserve(history) == kept


def test_nothing_is_kept_for_winners_where_nothing_won_and_nothing_may(night, monkeypatch):
    """What nothing can be verified in is there for proposals."""
    begun = verifying(night, hours=2.0)
    begun.expected = lambda history, protocol: 1.0
    monkeypatch.setattr(verification, "to_verify", lambda history: [])
    assert begun.reserve(night.workspace.history(), may_win=False) == 0.0
    assert begun.reserve(night.workspace.history(), may_win=True) > 0.0
    monkeypatch.setattr(verification, "to_verify", lambda history: list(history.scored))
    assert begun.reserve(night.workspace.history(), may_win=False) > 0.0


def test_without_the_template_nothing_more_is_begun(night):
    begun = verifying(night, hours=2.0)
    begun.expected = lambda history, protocol: 1.0
    begun.plan_winners()
    assert [each.run.name for each in begun.planned] == ["delta_net_4layer", "delta_net_4layer_good"]
    begun.give_up(begun.planned[0], "a bad seed")
    assert begun.planned == []


def test_without_hours_a_tenth_of_all_training_goes_into_it(night):
    begun = verifying(night)
    begun.expected = lambda history, protocol: 100.0
    for trained, fits in ((899.0, False), (900.0, True)):
        begun.ledger.evaluations = [trained]
        begun.plan_winners()
        assert (begun.step(None) is not None) == fits
