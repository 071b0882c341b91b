"""Several places as one executor, each with a thread that carries out what it is given."""

import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from agent.core.errors import Unavailable
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.score import ScoreCard
from agent.core.text import ENGLISH, Text, say
from agent.evaluator.assignment import Assignment, Watch
from agent.evaluator.executor.news import Answered, Closed, News, Opened
from agent.evaluator.executor.place import NotOpened, Place, PlaceLost
from agent.evaluator.failure import EvaluationFailed

LOSSES = 3  # in a row, after which a place is closed
SECONDS_TO_END = 30.0  # for a place's thread; one that a cluster has no room for may never be opened

Opener = Callable[[], Place]


class Executor(Protocol):
    """Places that evaluate on a device, one evaluation each at a time.

    `names` are those that can be given work, and `news` tells what they answer, and of others that come and go.
    `workers` is how many confined workers an evaluation may have at a place; None for as many as the device is best
    served by. One that `grows` may have more places later.
    """

    device: str
    grows: bool
    news: "queue.SimpleQueue[News]"

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def workers(self) -> int | None: ...

    def begin(self, place: str, assignment: Assignment, watch: Watch) -> "Future[ScoreCard]":
        """Have a free place evaluate. The future has the card, or raises what `evaluate` raises, or PlaceLost."""


@dataclass
class Submission:
    """An assignment for one place, or for any; and at which place it was lost, if at one."""

    assignment: Assignment
    watch: Watch
    place: str = ""
    future: "Future[ScoreCard]" = field(default_factory=Future)
    lost_at: str = ""


@dataclass
class Member:
    """A place of a pool: how it is opened, and what is known of it."""

    opener: Opener
    place: Place | None = None  # None while it is not open
    told: bool = False  # whether it was told of
    losses: int = 0  # in a row
    leaves: bool = False  # it is given nothing more


class Pool:
    """An executor over places, each opened when it is first needed and again after it was lost.

    `begin` gives a place what is meant for it, and its loss is told. What is given by `submit` goes to whichever place
    is free, and is carried out once more after a loss, at another place where there is one.
    """

    def __init__(
        self, openers: Mapping[str, Opener], device: str, workers: int | None = None, grows: bool = False
    ) -> None:
        """`openers` are of the first places, by their names; more may `join`, and are expected to where it `grows`."""
        self.device, self.grows = device, grows
        self.workers = workers
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._waiting: list[Submission] = []
        self._changed = threading.Condition()
        self._closed = False
        self._members: dict[str, Member] = {}
        self._last_words = ""  # of the place that was closed last
        self._threads: list[threading.Thread] = []
        for name, opener in openers.items():
            self.join(name, opener)

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The places that can be given work."""
        with self._changed:
            return tuple(name for name, member in self._members.items() if member.told)

    @property
    def places(self) -> int:
        """How many there are, those included that are about to be opened."""
        with self._changed:
            return len(self._members)

    def join(self, name: str, opener: Opener) -> None:
        """Have one more place, whose name no other has."""
        member = Member(opener)
        thread = threading.Thread(target=self._live, args=(name, member), daemon=True)
        with self._changed:
            if self._closed or name in self._members:
                return
            self._members[name] = member
            self._threads.append(thread)
            if not self.grows:
                self._tell_of(name, member)
        thread.start()

    def leave(self, name: str, why: Text) -> None:
        """Have a place no more; what it is doing is lost."""
        with self._changed:
            member = self._members.pop(name, None)
            if member is None:
                return
            member.leaves = True
            place = member.place
            self._changed.notify_all()
        if place is not None:
            place.close()
        self._last_words = why[ENGLISH]
        self.news.put(Closed(name, why))
        self._refuse_where_nothing_is_left()

    def begin(self, place: str, assignment: Assignment, watch: Watch) -> "Future[ScoreCard]":
        """Have this place evaluate; PlaceLost comes of the future if it is gone, or goes."""
        submission = Submission(assignment, watch, place)
        with self._changed:
            there = place in self._members
            if there:
                self._put(submission)
        if not there:
            self._answer(submission, NotOpened(f"{place} is gone"))
        return submission.future

    def submit(self, assignment: Assignment, watch: Watch = lambda update: None) -> "Future[ScoreCard]":
        """Have it evaluated by the next place that is free; the future has the card, or raises what `evaluate` does."""
        submission = Submission(assignment, watch)
        self._put(submission)
        self._refuse_where_nothing_is_left()
        return submission.future

    def evaluate(self, assignment: Assignment, watch: Watch = lambda update: None) -> ScoreCard:
        """As agent.evaluator.evaluation.evaluate_source, at the next place that is free."""
        return self.submit(assignment, watch).result()

    def close(self) -> None:
        """End every place, also in the middle of an evaluation; what is unfinished is cancelled."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            places = [member.place for member in self._members.values() if member.place is not None]
            self._changed.notify_all()
        for submission in waiting:
            submission.future.cancel()
        for place in places:
            place.close()
        for thread in self._threads:
            thread.join(SECONDS_TO_END)

    def _tell_of(self, name: str, member: Member) -> None:
        with self._changed:
            member.told = True
            self.news.put(Opened(name))

    def _put(self, submission: Submission) -> None:
        with self._changed:
            if self._closed:
                submission.future.cancel()
            else:
                self._waiting.append(submission)
                self._changed.notify_all()

    def _take(self, name: str, member: Member) -> Submission | None:
        """The next submission for a place, once there is one; None when there will be no more."""
        with self._changed:
            while not (self._closed or member.leaves):
                for submission in self._waiting:
                    if submission.place == name or (
                        not submission.place and (submission.lost_at != name or len(self._members) == 1)
                    ):
                        self._waiting.remove(submission)
                        return submission
                self._changed.wait()
            orphans = [each for each in self._waiting if each.place == name]
            self._waiting = [each for each in self._waiting if each.place != name]
        for orphan in orphans:
            self._answer(orphan, NotOpened(f"{name} is gone"))
        return None

    def _live(self, name: str, member: Member) -> None:
        """One place's thread. On a cluster, where others may be in the way, it is opened before it is told of."""
        if self.grows:
            try:
                self._opened(name, member)
            except NotOpened as loss:
                self.leave(name, say("place.refused", place=name, error=str(loss)))
                return
            self._tell_of(name, member)
        while (submission := self._take(name, member)) is not None:
            try:
                card = self._opened(name, member).evaluate(submission.assignment, submission.watch)
            except PlaceLost as loss:
                self._lose(name, member, submission, loss)
            except Exception as error:  # raised again by the future, where the answer is looked at
                member.losses = 0
                self._answer(submission, error)
            else:
                member.losses = 0
                self._answer(submission, card)

    def _answer(self, submission: Submission, answer: ScoreCard | Exception) -> None:
        if isinstance(answer, Exception):
            submission.future.set_exception(answer)
        else:
            submission.future.set_result(answer)
        if submission.place:
            self.news.put(Answered(submission.place, submission.future))

    def _opened(self, name: str, member: Member) -> Place:
        """The open place; NotOpened where it cannot be opened, or there is to be none any more."""
        if member.place is None:
            try:
                place = member.opener()
            except Unavailable as error:  # and it will not be better the next time
                self.leave(name, say("place.refused", place=name, error=str(error)))
                raise NotOpened(str(error)) from error
            except PlaceLost as loss:
                raise NotOpened(str(loss)) from loss
            with self._changed:
                member.place = place
        if self._closed or member.leaves:  # and that was perhaps before this one was known
            member.place.close()
            raise NotOpened("closed")
        return member.place

    def _lose(self, name: str, member: Member, submission: Submission, loss: PlaceLost) -> None:
        """Forget a place that is gone, which may be for good, and try what it was given by `submit` once more."""
        with self._changed:
            place, member.place = member.place, None
        if place is not None:
            place.close()
        member.losses += 1
        if member.losses >= LOSSES:
            self.leave(name, say("place.closed", place=name, count=LOSSES, error=str(loss)))
        if submission.place:
            self._answer(submission, loss)
        elif submission.lost_at and not isinstance(loss, NotOpened):
            self._answer(submission, lost_twice(loss))
        else:
            submission.lost_at = submission.lost_at if isinstance(loss, NotOpened) else name
            self._put(submission)
            self._refuse_where_nothing_is_left()

    def _refuse_where_nothing_is_left(self) -> None:
        """Answer what nobody will evaluate."""
        with self._changed:
            if self._members or self.grows or self._closed:
                return
            waiting, self._waiting = self._waiting, []
        for submission in waiting:
            self._answer(submission, Unavailable(f"no place is left to evaluate at; {self._last_words}"))


def lost_twice(loss: PlaceLost) -> EvaluationFailed:
    """The failure of what was lost with two places."""
    return EvaluationFailed(Failure("crash", Reason("failure.lost_twice", {"error": str(loss)})))
