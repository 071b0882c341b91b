"""What is expected of a proposal: each task's predicted score beside the parent's and the best, with their noise."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from agent.core.run import Run
from agent.science.comparison import resolution
from agent.science.estimate import AVERAGE, Estimate
from agent.science.history import History


@dataclass(frozen=True)
class Expectation:
    """One line of the table. The noise is how far another score must lie from the parent's to be told from it."""

    task: str
    predicted: float | None
    parent: float | None
    noise: float
    best: float | None

    @property
    def change(self) -> float | None:
        return None if self.predicted is None or self.parent is None else self.predicted - self.parent

    @property
    def beyond(self) -> bool:
        """Whether the change would show above the noise."""
        return self.change is not None and abs(self.change) > self.noise


def expectations(run: Run, history: History) -> list[Expectation]:
    """One a task, and the average last."""
    parent = history.parent(run.proposal)
    predicted = dict(run.proposal.predicted)
    known = dict(history.estimates(parent)) if parent else {}
    best = dict(history.best.card.scores) if history.best and history.best.card else {}
    tasks = [task for task in known or best or predicted if task != AVERAGE]
    if predicted.keys() >= set(tasks) and tasks:
        predicted[AVERAGE] = sum(predicted[task] for task in tasks) / len(tasks)
    if best:
        best[AVERAGE] = sum(best.values()) / len(best)
    return [_expectation(task, predicted, known, best) for task in [*tasks, AVERAGE] if tasks]


def _expectation(
    task: str, predicted: Mapping[str, float], known: Mapping[str, Estimate], best: Mapping[str, float]
) -> Expectation:
    parent = known.get(task)
    noise = resolution(parent) if parent else math.inf
    return Expectation(task, predicted.get(task), parent.mean if parent else None, noise, best.get(task))
