"""The end of a search: finalists are trained on fresh seeds, by the real loop with an evaluator that trains nothing."""

from dataclasses import replace

from sample_cards import sample_proposal
from small_evaluations import ONE_TASK
from small_search import TEMPLATE_SOURCE, Script, small_search

from agent.core.score import ScoreCard, SeedScore, Speed, TaskScore
from agent.core.text import ENGLISH
from agent.evaluator.protocols import FRESH_SEED
from agent.science.confirmation import standing_of, winner
from agent.search.budget import Budget, Ledger
from agent.store.workspace import Workspace

GOOD = TEMPLATE_SOURCE + "\n# good\n"


class Evaluator:
    """Scores by the source alone, and remembers which seeds it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, assignment, watch):
        grids = [replica.grid for replica in assignment.protocol.replicas()]
        self.asked.append([seed for _, seed in grids])
        level = 0.9 if assignment.source == GOOD else 0.5
        scores = [
            SeedScore(s.task, s.label, n, level + n % 3 / 1000, level, level, 1e-3, 0.0, "finished", 1, 1)
            for s, n in grids
        ]
        tasks = {
            task: TaskScore(task, tuple(s for s in scores if s.task == task)) for task in assignment.protocol.tasks
        }
        protocol = assignment.protocol
        return ScoreCard(protocol.name, protocol.fingerprint, tasks, 1, 1, Speed(1, 1), "cpu", {},
                         assignment.test_seed, seconds=1.0)  # fmt: skip


def protocol_of_two_seeds():
    return replace(ONE_TASK, plans=tuple(replace(plan, seeds=3) for plan in ONE_TASK.plans))


def search_in(root, evaluator, *proposals):
    search = small_search(root, proposer=Script(*proposals), evaluator=evaluator)
    search.protocol = protocol_of_two_seeds()
    search.ledger = Ledger(Budget(hours=1.0, runs=len(proposals)))
    search.journal.ledger = search.ledger
    search.check = lambda history, proposal: ()
    return search


def test_a_search_ends_with_its_finalist_and_the_template_on_fresh_seeds(tmp_path):
    evaluator = Evaluator()
    search_in(tmp_path, evaluator, sample_proposal("delta_net_4layer_good", GOOD)).run()
    history = Workspace(tmp_path).history()
    template, good = history.scored
    assert set(history.confirmations) == {template.id, good.id}
    fresh = [seeds for seeds in evaluator.asked if min(seeds) >= FRESH_SEED]
    assert len(fresh) == 2
    assert winner(history) == good
    assert standing_of(history, good)[ENGLISH].startswith("a winner: +0.400")
    assert list(Workspace(tmp_path).rows()) == [template.name, good.name]


def test_what_is_no_better_is_not_trained_again(tmp_path):
    evaluator = Evaluator()
    search_in(tmp_path, evaluator, sample_proposal("delta_net_4layer_same", TEMPLATE_SOURCE + "\n# same\n")).run()
    assert not Workspace(tmp_path).history().confirmations
    assert max(max(seeds) for seeds in evaluator.asked) < FRESH_SEED
