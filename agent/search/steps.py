"""What a place of a search can be given: a leg of a run, a further seed of the template, or a run on fresh seeds."""

from dataclasses import dataclass
from typing import Protocol

from agent.core.run import Run
from agent.core.score import ScoreCard
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol as ScoringProtocol
from agent.store.places import Work

Answer = ScoreCard | EvaluationFailed


@dataclass(frozen=True)
class Task:
    """What the record says of a step: the kind of work, and the leg of which run, the first being 1."""

    work: Work
    run: str  # its id
    name: str  # of its variant
    leg: int = 1
    legs: int = 1

    @classmethod
    def of(cls, work: Work, run: Run, leg: int = 1, legs: int = 1) -> "Task":
        return cls(work, run.id, run.name, leg, legs)


class Step(Protocol):
    """A step of a search: the variant of `run` is trained under `protocol`, and something is made of the answer.

    Everything is called by the one thread that decides. `begin` raises StaleRun where the step is no longer wanted.
    """

    @property
    def run(self) -> Run: ...

    @property
    def protocol(self) -> ScoringProtocol: ...

    @property
    def task(self) -> Task: ...

    def begin(self) -> None:
        """It is given to a place now."""

    def end(self, answer: Answer) -> None:
        """Make of the answer what there is to be made."""

    def give_back(self) -> None:
        """It came to no answer, which speaks neither for nor against the variant."""
