"""The noise of settings with one seed: the loop measures it on the template, once, where it has the time."""

import json
import shutil
from dataclasses import replace
from statistics import stdev

import pytest
from sample_histories import FINGERPRINT
from small_evaluations import ONE_TASK
from small_search import TEMPLATE_SOURCE, Script, small_search

from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import Proposal
from agent.core.text import Text
from agent.evaluator.evaluation import evaluate_source
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import MAD, QUICK
from agent.science.estimate import AVERAGE
from agent.search.budget import Budget
from agent.store.workspace import REPLICATES, Workspace

pytestmark = pytest.mark.slow  # every test here runs a search

(LONE,) = ONE_TASK.lone_settings


def doubled():
    source = TEMPLATE_SOURCE.replace("return o, S", "return 2 * o, S")
    return Proposal(f"{TEMPLATE}_doubled", source, "a script", Text("x", "x"), parents=(TEMPLATE,))


def search_of(root, *proposals, **facts):
    """A small search that keeps its lines and how often it trained something."""
    search = small_search(root, proposer=Script(*proposals), **facts)
    search.told, search.trained = [], []
    search.replication.say = search.told.append

    def counting(assignment, watch):
        search.trained.append(assignment.protocol)
        return evaluate_source(assignment, watch)

    search.executor.evaluator = counting
    return search


def leave(search, rows):
    """Time for so many rows is left, and stays so."""
    seconds = search.workspace.history().baseline.card.seconds
    search.ledger.budget, search.ledger.clock = Budget(hours=rows * seconds / 3600), lambda: search.ledger.started


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    root = tmp_path_factory.mktemp("measured")
    search = search_of(root, doubled())
    search.run()
    return root, search


def test_the_template_is_trained_on_further_seeds_before_anything_is_proposed(measured):
    root, search = measured
    seeds = [[replica.seed for replica in protocol.replicas()] for protocol in search.trained]
    assert seeds == [[0], [1], [2], [0]]
    assert search.told == [
        "· smoke trains 1 setting with one seed: the template is trained on 2 more seeds, so that averages can be "
        "judged",
        "· noise: 1 of 2 further seeds are trained",
        "· noise: 2 of 2 further seeds are trained",
    ]
    template, proposal = Workspace(root).history().runs
    assert (template.name, proposal.name) == (TEMPLATE, f"{TEMPLATE}_doubled")  # a replicate is no run
    assert list(Workspace(root).rows()) == [TEMPLATE, proposal.name]


def test_its_three_scores_are_the_noise_by_which_every_run_is_judged(measured):
    root, _ = measured
    history = Workspace(root).history()
    scores = [
        seed.macro
        for card in (history.baseline.card, *Workspace(root).replicates().cards)
        for seed in card.tasks["Memorize"].seeds
    ]
    ((setting, found),) = history.noise.items()
    assert (setting, found.std, found.seeds, found.paired) == (LONE, pytest.approx(stdev(scores)), 3, None)
    assert found.log_odds.seeds == 3
    compared = history.against_template(history.runs[-1])[AVERAGE]
    assert compared.verdict in ("better", "worse", "indistinguishable")
    assert "the noise is not known" not in (root / "runs" / history.runs[-1].id / "insights.md").read_text()


def test_it_is_measured_once(measured, tmp_path):
    root = shutil.copytree(measured[0], tmp_path / "workspace")
    search = search_of(root)
    search.run()
    assert search.trained == search.told == []


def test_it_goes_on_where_it_was_stopped(measured, tmp_path):
    root = shutil.copytree(measured[0], tmp_path / "workspace")
    facts = json.loads((root / REPLICATES).read_text())
    facts["cards"].pop()
    (root / REPLICATES).write_text(json.dumps(facts))
    search = search_of(root)
    search.run()
    assert [[replica.seed for replica in protocol.replicas()] for protocol in search.trained] == [[2]]


def test_a_short_night_is_not_spent_on_it(measured, tmp_path):
    root = shutil.copytree(measured[0], tmp_path / "workspace")
    (root / REPLICATES).unlink()
    search = search_of(root)
    leave(search, rows=3.9)
    search.run()
    (told,) = search.told
    assert "not measured, so averages will not be judged: the time of about 2 more rows is more than half" in told
    assert told.endswith("python -m agent.study noise --protocol smoke --seeds 3")
    assert search.trained == []


def test_what_was_measured_before_a_short_night_is_of_use(measured, tmp_path):
    root = shutil.copytree(measured[0], tmp_path / "workspace")
    facts = json.loads((root / REPLICATES).read_text())
    facts["cards"].pop()
    (root / REPLICATES).write_text(json.dumps(facts))
    search = search_of(root)
    leave(search, rows=1.9)
    search.run()
    (told,) = search.told
    assert told.startswith("· the noise is told from 2 seeds alone: the time of about 1 more row is more than half")
    assert Workspace(root).history().noise[LONE].seeds == 2


def test_a_failure_at_it_ends_nothing_but_it(measured, tmp_path):
    root = shutil.copytree(measured[0], tmp_path / "workspace")
    (root / REPLICATES).unlink()

    def failing(assignment, watch):
        raise EvaluationFailed(Failure("out of memory", Reason.said("there was none")))

    search = search_of(root)
    search.executor.evaluator = failing
    search.run()
    assert "judged: out of memory: there was none; by hand: " in search.told[-1]
    assert Workspace(root).history().noise == {}


def test_whoever_only_trains_what_was_approved_does_not_measure_it(measured, tmp_path):
    root = shutil.copytree(measured[0], tmp_path / "workspace")
    (root / REPLICATES).unlink()
    search = search_of(root)
    search.baselines = ()
    search.run()
    assert search.trained == []


def test_what_was_worked_out_without_the_noise_is_worked_out_again(measured, tmp_path):
    root = shutil.copytree(measured[0], tmp_path / "workspace")
    held = (root / REPLICATES).read_text()
    (root / REPLICATES).unlink()
    workspace = Workspace(root)
    before = workspace.history()
    assert before.against_template(before.runs[-1])[AVERAGE].verdict == "unjudged"
    (root / REPLICATES).write_text(held)
    after = workspace.history()
    assert after.against_template(after.runs[-1])[AVERAGE].verdict != "unjudged"


def test_replicates_of_another_protocol_count_for_nothing(measured, tmp_path):
    root = shutil.copytree(measured[0], tmp_path / "workspace")
    facts = json.loads((root / REPLICATES).read_text())
    (root / REPLICATES).write_text(json.dumps(facts | {"fingerprint": FINGERPRINT}))
    assert Workspace(root).replicates().cards == ()
    assert Workspace(root).history().noise == {}


def test_a_further_seed_is_of_the_lone_settings_alone_and_none_that_was_trained():
    first, second = (MAD.further_seed(MAD.lone_settings, done) for done in (0, 1))
    assert {replica.setting.label for replica in first.replicas()} == MAD.lone_settings
    assert {replica.seed for replica in first.replicas()} == {1}
    assert {replica.seed for replica in second.replicas()} == {2}
    assert replace(first, plans=()) == replace(MAD, plans=(), legs=())
    assert not QUICK.further_seed(QUICK.lone_settings, 0).plans
