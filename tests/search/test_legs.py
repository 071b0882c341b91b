"""A run goes on leg by leg: between two legs its place may do something else, and it may be stopped there."""

from dataclasses import replace

import pytest
from scored_by_source import GOOD, THREE_SEEDS, Evaluator, grids
from scripted_places import NoLineage, ScriptedPlaces, proposals
from small_search import Script, small_search

from agent.core.baselines import TEMPLATE
from agent.core.errors import INTERRUPTED
from agent.core.languages import LANGUAGES
from agent.core.reason import Reason
from agent.evaluator.protocol import Leg
from agent.search.budget import Budget, Ledger
from agent.store.folder import NOTE
from agent.store.places import read_stints
from agent.store.workspace import Workspace

FIRST = Leg(tuple((setting.label, 1) for plan in THREE_SEEDS.plans for setting in plan.settings))
IN_LEGS = replace(THREE_SEEDS, legs=(FIRST,))
STOPPED = Reason("stopped.accuracy", {"best": "b", "gain": -0.4, "legs": 1, "chance": 0.01, "least": 0.1})


def search_in(root, places=2, runs=4, choose=lambda under_way: under_way[0]):
    executor = ScriptedPlaces(places, Evaluator(), choose)
    search = small_search(root, runs, Script(*proposals(6)), executor=executor)
    search.check, search.lineage = lambda history, proposal: (), NoLineage()
    search.protocol = search.replication.protocol = IN_LEGS
    return search


def trained(root):
    """The stints of training by the names of their variants: leg, legs and outcome."""
    found = {}
    for stint in read_stints(Workspace(root)):
        if stint.work == "training":
            found.setdefault(stint.name, []).append((stint.leg, stint.legs, stint.outcome))
    return found


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    root = tmp_path_factory.mktemp("night")
    search = search_in(root)
    search.run()
    return root, search


def test_a_proposal_is_trained_in_its_legs_and_a_known_variant_at_once(night):
    found = trained(night[0])
    assert found.pop(TEMPLATE) == [(1, 1, "finished")]
    assert list(found.values()) == [[(1, 2, "finished"), (2, 2, "finished")]] * 4
    seeds = [sorted(seeds) for seeds in night[1].executor.evaluator.asked]
    assert seeds.count([0]) == seeds.count([1, 2]) == 4


def test_the_row_is_that_of_one_evaluation_and_no_leg_is_left_over(night):
    history = Workspace(night[0]).history()
    good = history.find("delta_net_4layer_1")
    assert good.proposal.source == GOOD
    whole = Evaluator()
    assert len(grids(_of(good, IN_LEGS))) == 3
    card = whole(_of(good, IN_LEGS), lambda update: None)
    assert (good.card.scores, good.card.fingerprint) == (card.scores, card.fingerprint)
    assert [seed.seed for task in good.card.tasks.values() for seed in task.seeds] == [0, 1, 2]
    assert {run.legs for run in history.runs} == {()}
    assert {run.attempts for run in history.runs} == {1}


def _of(run, protocol):
    from agent.evaluator.assignment import Assignment

    return Assignment(run.proposal.source, protocol, "cpu", run.card.test_seed)


def test_between_two_legs_ctrl_c_leaves_what_is_done_to_the_next_search(tmp_path):
    search = search_in(tmp_path, places=1, runs=1)

    def choose(under_way):
        search.ledger.interrupted = bool(search.ledger.under_way)
        return under_way[0]

    search.executor.choose = choose
    assert search.run().exit_code == INTERRUPTED
    run = Workspace(tmp_path).history().runs[-1]
    assert (run.stage, run.attempts, len(run.legs)) == ("approved", 0, 1)
    again = search_in(tmp_path, places=1, runs=1)
    again.run()
    assert [sorted(seeds) for seeds in again.executor.evaluator.asked[:1]] == [[1, 2]]
    assert trained(tmp_path)[run.name] == [(1, 2, "finished"), (2, 2, "finished")]
    assert Workspace(tmp_path).history().runs[-1].scored


def test_legs_of_another_cut_count_for_nothing(tmp_path):
    search = search_in(tmp_path, places=1, runs=1)

    def choose(under_way):
        search.ledger.interrupted = bool(search.ledger.under_way)
        return under_way[0]

    search.executor.choose = choose
    search.run()
    again = search_in(tmp_path, places=1, runs=1)
    again.protocol = replace(IN_LEGS, legs=(Leg(tuple((label, 2) for label, _ in FIRST.seeds)),))
    again.run()
    assert [sorted(seeds) for seeds in again.executor.evaluator.asked[:2]] == [[0, 1], [2]]


def test_what_is_stopped_has_its_reason_and_a_note_and_no_row_and_is_no_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "agent.search.rows.reason_to_stop", lambda history, run: None if run.proposal.source == GOOD else STOPPED
    )
    search = search_in(tmp_path)
    assert search.run().reason["en"] == "its 4 runs are done"
    history = Workspace(tmp_path).history()
    stopped = [run for run in history.runs if run.stopped]
    assert [(run.stage, len(run.legs), run.stopped) for run in stopped] == [("analysed", 1, STOPPED)] * 3
    assert list(Workspace(tmp_path).rows()) == [TEMPLATE, "delta_net_4layer_1"]
    assert search.ledger.failures_in_a_row == 0
    note = (Workspace(tmp_path).folder(stopped[0]) / NOTE).read_text(encoding="utf-8")
    assert all(STOPPED.text[code] in note for code in LANGUAGES)


def test_the_first_proposal_is_trained_to_its_end_although_the_time_is_over(tmp_path):
    search = search_in(tmp_path, places=1, runs=None)
    evaluator = search.executor.evaluator
    evaluator.row = 1e4
    search.ledger = search.journal.ledger = Ledger(Budget(hours=0.25), clock=evaluator.clock)
    assert search.run().reason["en"] == "its time is over (15 min)"
    assert [run.name for run in Workspace(tmp_path).history().runs] == [TEMPLATE, "delta_net_4layer_0"]
    assert list(Workspace(tmp_path).rows()) == [TEMPLATE, "delta_net_4layer_0"]


def test_a_run_goes_on_before_anything_new_is_proposed(tmp_path):
    search = search_in(tmp_path, places=1, runs=2)
    search.run()
    names = [(stint.name, stint.leg) for stint in read_stints(Workspace(tmp_path)) if stint.work == "training"]
    assert names == [(TEMPLATE, 1), *((f"delta_net_4layer_{n}", leg) for n in (0, 1) for leg in (1, 2))]
