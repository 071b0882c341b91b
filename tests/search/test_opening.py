"""The first minutes: a first proposal's result is there after two trainings, and no search ends without having tried
one."""

import pytest
from sample_cards import sample_proposal
from scored_by_source import GOOD, THREE_SEEDS, Evaluator
from small_search import TEMPLATE_SOURCE, Script, small_search

from agent.core.baselines import GATED, TEMPLATE
from agent.core.failure import Failure
from agent.core.languages import LANGUAGES
from agent.core.reason import Reason
from agent.core.run import BASELINE
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import QUICK
from agent.science.history import History
from agent.search.budget import Budget, Ledger
from agent.search.opening import order_told
from agent.store.workspace import Workspace

ROW = 150.0  # seconds: what a row of quick takes on two cores
KDA = "kda"


def proposals(count):
    return [sample_proposal(f"delta_net_4layer_{n}", f"{TEMPLATE_SOURCE}\n# {n}\n") for n in range(count)]


def search_in(root, script, row=ROW, hours=0.25, runs=None, **facts):
    evaluator, facts = Evaluator(row), {"baselines": (TEMPLATE, GATED, KDA)} | facts
    search = small_search(root, proposer=Script(*script), evaluator=evaluator, **facts)
    search.protocol = search.replication.protocol = THREE_SEEDS  # no setting has one seed: its noise is known
    search.ledger = Ledger(Budget(hours=hours, runs=runs), clock=evaluator.clock)
    search.journal.ledger = search.ledger
    search.check = lambda history, proposal: ()
    search.journal.line = search.told = Lines()
    return search, evaluator


class Lines(list):
    """What the journal said."""

    def __call__(self, line):
        self.append(line)


def test_the_first_proposals_result_is_there_after_two_rows_and_the_known_variants_follow(tmp_path):
    search, evaluator = search_in(tmp_path, proposals(2), hours=1.0)
    search.run()
    names = [run.name for run in Workspace(tmp_path).history().scored]
    assert names[:5] == [TEMPLATE, "delta_net_4layer_0", GATED, KDA, "delta_net_4layer_1"]
    ended = {source: at for at, source in reversed(evaluator.ended)}
    assert ended[f"{TEMPLATE_SOURCE}\n# 0\n"] <= 2 * ROW <= 300.0  # five minutes of training
    (told,) = [line for line in search.told if "first proposal" in line]
    assert GATED in told
    assert KDA in told


@pytest.mark.parametrize("row", [100.0, 1e4], ids=["quick", "slow machine"])
def test_no_search_ends_without_having_tried_a_proposal(tmp_path, row):
    search, _ = search_in(tmp_path, proposals(20), row)
    search.run()
    assert any(run.scored and run.proposal.author != BASELINE for run in Workspace(tmp_path).history().runs)


def test_a_proposal_that_was_refused_is_not_the_one_that_was_tried(tmp_path):
    def refuse(history, proposal):
        if proposal.name.endswith("_0"):
            raise EvaluationFailed(Failure("refused", Reason.said("it is not allowed")))
        return ()

    search, _ = search_in(tmp_path, proposals(2), row=1e4)
    search.check = refuse
    search.run()
    runs = Workspace(tmp_path).history().runs
    assert [(run.name, run.scored) for run in runs] == [
        (TEMPLATE, True), ("delta_net_4layer_0", False), ("delta_net_4layer_1", True)
    ]  # fmt: skip


def test_the_known_variants_are_trained_also_where_one_proposal_was_asked_for(tmp_path):
    search, _ = search_in(tmp_path, proposals(3), hours=None, runs=1)
    assert search.run().reason["en"] == "its run is done"
    assert [run.name for run in Workspace(tmp_path).history().scored] == [TEMPLATE, "delta_net_4layer_0", GATED, KDA]


def test_what_a_person_starts_from_is_not_put_off(tmp_path):
    search, _ = search_in(tmp_path, proposals(1), hours=1.0)
    search.drafts.start_from = (KDA,)
    search.run()
    assert [run.name for run in Workspace(tmp_path).history().scored][:3] == [TEMPLATE, KDA, "delta_net_4layer_0"]


def test_where_nothing_is_proposed_the_known_variants_are_trained(tmp_path):
    search, _ = search_in(tmp_path, [], hours=1.0)
    search.run()
    assert [run.name for run in Workspace(tmp_path).history().scored] == [TEMPLATE, GATED, KDA]


def test_a_later_search_tries_a_proposal_first_as_well_and_says_nothing_where_none_waits(tmp_path):
    search_in(tmp_path, proposals(1), hours=1.0)[0].run()
    search, _ = search_in(tmp_path, [sample_proposal("delta_net_4layer_good", GOOD)], hours=1.0)
    search.run()
    assert not [line for line in search.told if "first proposal" in line]
    assert Workspace(tmp_path).history().scored[-1].name == "delta_net_4layer_good"


def test_what_stands_in_for_the_known_variants_is_told_in_every_language():
    for code in LANGUAGES:
        told = order_told(QUICK, History((), {}), [GATED])[code]
        assert GATED in told
    english = order_told(THREE_SEEDS, History((), {}), [GATED])["en"]
    assert english.endswith("until then nothing stands in for them: under this protocol they were never measured")
