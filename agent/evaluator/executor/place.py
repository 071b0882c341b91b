"""A place is one process somewhere that carries out one evaluation at a time; what it is told, and what it says."""

from collections.abc import Callable
from typing import Protocol

from agent.core.errors import DeltaSearchError
from agent.core.score import ScoreCard
from agent.evaluator.assignment import Assignment, Watch
from agent.evaluator.evaluation import evaluate_source
from agent.evaluator.progress import Update

Message = Update | ScoreCard | Exception


class PlaceLost(Exception):
    """The process at a place is gone, and with it what it was doing. It says nothing of the variant."""


class NotOpened(PlaceLost):
    """A place was lost before it began with what it was given, which says nothing of that."""


class Place(Protocol):
    """One process that evaluates."""

    def evaluate(self, assignment: Assignment, watch: Watch) -> ScoreCard:
        """As agent.evaluator.evaluation.evaluate_source, with its exceptions; PlaceLost if the process is gone."""

    def close(self) -> None:
        """End the process, whatever it is doing, and with it every worker of its own."""


def carry_out(assignment: Assignment, say: Callable[[Message], None]) -> None:
    """Evaluate here. Says every update, and at last the card or the reason that there is none."""
    try:
        say(evaluate_source(assignment, say))
    except DeltaSearchError as error:
        say(error)
    except Exception as error:  # of this project's own: the caller must hear of it
        say(RuntimeError(f"the evaluation broke off: {error!r}"))


def read(messages: Callable[[], Message], watch: Watch) -> ScoreCard:
    """Follow what a place says to its end: the card, or the exception raised."""
    while True:
        message = messages()
        if isinstance(message, ScoreCard):
            return message
        if isinstance(message, Exception):
            raise message
        watch(message)
