"""Several places as one executor: an evaluation goes to whichever is free, and a lost place costs it one more try."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.score import ScoreCard
from agent.evaluator.assignment import Assignment, Watch
from agent.evaluator.executor.place import Place, PlaceLost
from agent.evaluator.failure import EvaluationFailed


class Executor(Protocol):
    """What runs evaluations on a device, `places` of them at once; more wait for their turn."""

    device: str
    places: int

    def submit(self, assignment: Assignment, watch: Watch = ...) -> "Future[ScoreCard]":
        """Have it evaluated. The future has the card, or raises what `evaluate` raises."""


@dataclass
class Submission:
    """A submitted assignment, and at which place it was lost, if at one."""

    assignment: Assignment
    watch: Watch
    future: "Future[ScoreCard]" = field(default_factory=Future)
    lost_at: int | None = None


class Pool:
    """An executor over places, each opened when it is first needed and again after it was lost.

    An assignment whose place is lost is carried out once more, at another place where there is one. Only one answer can
    come of it: whatever the first place had done is lost with it.
    """

    def __init__(self, openers: Sequence[Callable[[], Place]], device: str) -> None:
        self.device = device
        self.places = len(openers)
        self._waiting: list[Submission] = []
        self._changed = threading.Condition()
        self._closed = False
        self._open: dict[int, Place] = {}
        self._threads = [
            threading.Thread(target=self._live, args=(index, opener), daemon=True)
            for index, opener in enumerate(openers)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def submit(self, assignment: Assignment, watch: Watch = lambda update: None) -> "Future[ScoreCard]":
        """Have it evaluated by the next place that is free."""
        submission = Submission(assignment, watch)
        self._put(submission)
        return submission.future

    def evaluate(self, assignment: Assignment, watch: Watch = lambda update: None) -> ScoreCard:
        """As agent.evaluator.evaluation.evaluate_source, at the next place that is free."""
        return self.submit(assignment, watch).result()

    def close(self) -> None:
        """End every place, also in the middle of an evaluation; what is unfinished is cancelled."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            places = list(self._open.values())
            self._changed.notify_all()
        for submission in waiting:
            submission.future.cancel()
        for place in places:
            place.close()
        for thread in self._threads:
            thread.join()

    def _put(self, submission: Submission) -> None:
        with self._changed:
            if self._closed:
                submission.future.cancel()
            else:
                self._waiting.append(submission)
                self._changed.notify_all()

    def _take(self, index: int) -> Submission | None:
        """The next submission for a place, once there is one; None when there will be no more."""
        with self._changed:
            while not self._closed:
                for submission in self._waiting:
                    if submission.lost_at != index or self.places == 1:
                        self._waiting.remove(submission)
                        return submission
                self._changed.wait()
            return None

    def _live(self, index: int, opener: Callable[[], Place]) -> None:
        """One place's thread."""
        while (submission := self._take(index)) is not None:
            try:
                card = self._place(index, opener).evaluate(submission.assignment, submission.watch)
            except PlaceLost as loss:
                self._lose(index, submission, loss)
            except Exception as error:
                submission.future.set_exception(error)
            else:
                submission.future.set_result(card)

    def _place(self, index: int, opener: Callable[[], Place]) -> Place:
        """The open place; PlaceLost where there is to be none any more."""
        if index not in self._open:
            place = opener()
            with self._changed:
                self._open[index] = place
        if self._closed:  # and closed it was perhaps before this one was known
            self._open[index].close()
            raise PlaceLost("closed")
        return self._open[index]

    def _lose(self, index: int, submission: Submission, loss: PlaceLost) -> None:
        """Forget a place that is gone, and try its submission once more elsewhere."""
        with self._changed:
            place = self._open.pop(index, None)
        if place is not None:
            place.close()
        if submission.lost_at is None or self._closed:
            submission.lost_at = index
            self._put(submission)
        else:
            reason = Reason("failure.lost_twice", {"error": str(loss)})
            submission.future.set_exception(EvaluationFailed(Failure("crash", reason)))
