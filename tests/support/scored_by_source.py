"""An evaluator that trains nothing: it scores by the source alone, and its trainings take time on its own clock."""

from dataclasses import replace

from small_evaluations import ONE_TASK
from small_search import small_search

from agent.core.resources import TEMPLATE_FILE
from agent.core.score import ScoreCard, SeedScore, Speed, TaskScore

GOOD = TEMPLATE_FILE.read_text() + "\n# good\n"
THREE_SEEDS = replace(ONE_TASK, plans=tuple(replace(plan, seeds=3) for plan in ONE_TASK.plans), legs=())


def grids(assignment):
    """Setting and seed of each replica."""
    return [replica.grid for replica in assignment.protocol.replicas()]


class Evaluator:
    """GOOD is scored above everything else. It remembers which seeds it was asked for, and of what at which time."""

    def __init__(self, row=1.0):
        self.asked, self.row = [], row
        self.now, self.ended = 0.0, []

    def __call__(self, assignment, watch):
        self.asked.append([seed for _, seed in grids(assignment)])
        level = 0.9 if assignment.source == GOOD else 0.5
        scores = [
            SeedScore(s.task, s.label, n, level + n % 3 / 1000, level, level, 1e-3, 0.0, "finished", 1, 1)
            for s, n in grids(assignment)
        ]
        tasks = {
            task: TaskScore(task, tuple(s for s in scores if s.task == task)) for task in assignment.protocol.tasks
        }
        protocol = assignment.protocol
        self.now += self.row
        self.ended.append((self.now, assignment.source))
        return ScoreCard(protocol.name, protocol.fingerprint, tasks, 1, 1, Speed(1, 1), "cpu", {},
                         assignment.test_seed, seconds=self.row)  # fmt: skip

    def clock(self):
        """The time, which passes while something is trained."""
        return self.now


def untrained(root, **facts):
    """A small search whose runs are neither checked nor trained: what it does around them is tested in a second."""
    search = small_search(root, evaluator=Evaluator(), **facts)
    search.check = lambda history, proposal: ()
    return search
