"""A real search at two places of this machine: each trains in a process of its own, with workers and git and all."""

import pytest
from small_evaluations import ONE_TASK
from small_search import small_search

from agent.core.baselines import TEMPLATE
from agent.evaluator.assignment import Assignment
from agent.evaluator.evaluation import evaluate_source
from agent.evaluator.executor.choice import open_places
from agent.evaluator.worker_pool import worker_count
from agent.search.assembly import make_catalogue
from agent.store.lineage import Lineage
from agent.store.places import read_stints
from agent.store.status import read_status
from agent.store.workspace import Workspace

pytestmark = pytest.mark.slow  # it starts two processes, and trains


def test_two_places_train_side_by_side_what_one_would_have_trained(tmp_path):
    with open_places(None, "cpu", 2) as executor:
        search = small_search(tmp_path, 2, make_catalogue(), executor=executor)
        stop = search.run()
        search.journal.stopped(stop.reason)
    assert stop.reason["en"] == "its 2 runs are done"
    home = Workspace(tmp_path)
    history = home.history()
    assert [run.stage for run in history.runs] == ["analysed"] * 3
    assert list(home.rows()) == [run.name for run in history.scored]
    assert {entry.name for entry in Lineage(tmp_path).log()} == set(home.rows())
    stints = read_stints(home)
    assert {stint.place for stint in stints} == {"cpu:0", "cpu:1"}
    assert any(one.begun < other.begun < one.ended for one in stints for other in stints)
    assert {stint.outcome for stint in stints} == {"finished"}
    assert read_status(home).places == ()  # nobody searches any more
    workers = max(1, worker_count("cpu") // 2)
    assert {run.card.workers for run in history.scored} == {workers}
    template = history.find(TEMPLATE)
    alone = evaluate_source(Assignment(template.proposal.source, ONE_TASK, "cpu", home.test_seed(), workers))
    assert alone.scores == template.card.scores
