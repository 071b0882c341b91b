"""An evaluation as something that can be handed on: to this process, to another one, or to another machine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agent.core.score import ScoreCard
from agent.evaluator.pace import TemplateTime
from agent.evaluator.progress import Update
from agent.evaluator.protocol import Protocol as ScoringProtocol

Watch = Callable[[Update], None]


@dataclass(frozen=True)
class Assignment:
    """What is to be evaluated, and how. It can be carried out wherever the project is installed."""

    source: str  # the code of the variant
    protocol: ScoringProtocol
    device: str | None = None  # None for a GPU where there is one
    test_seed: int | None = None  # draws the test; None for a new secret
    workers: int | None = None  # confined workers at once; None for as many as the device is best served by
    template: TemplateTime | None = None  # what it took of the template; None where that is not known


class Evaluator(Protocol):
    """What scores an assignment. Raises EvaluationFailed where the variant comes to no score."""

    def __call__(self, assignment: Assignment, watch: Watch) -> ScoreCard: ...
