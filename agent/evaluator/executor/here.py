"""This process as the one place: what it is given is evaluated at once, in the thread that gives it."""

import queue
from concurrent.futures import Future

from agent.core.score import ScoreCard
from agent.evaluator.assignment import Assignment, Evaluator, Watch
from agent.evaluator.evaluation import evaluate_source
from agent.evaluator.executor.news import Answered, News


class Here:
    """An executor of one place. Ctrl-C in the middle of an evaluation is raised where the evaluation was begun."""

    grows = False
    workers: int | None = None
    names: tuple[str, ...]

    def __init__(self, device: str, evaluator: Evaluator = evaluate_source) -> None:
        self.device = device
        self.names = (device,)
        self.evaluator = evaluator
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()

    def begin(self, place: str, assignment: Assignment, watch: Watch) -> "Future[ScoreCard]":
        """Evaluate, and tell that it was."""
        future: Future[ScoreCard] = Future()
        try:
            future.set_result(self.evaluator(assignment, watch))
        except Exception as error:  # raised again by the future, where the answer is looked at
            future.set_exception(error)
        self.news.put(Answered(place, future))
        return future
