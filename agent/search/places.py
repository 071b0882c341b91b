"""The places of a search and what is under way there: steps are begun, and answers taken in one at a time.

One thread decides and writes. What happens at the places reaches it as news in a queue, so the order in which it heard
of things is an order in which all of its decisions can be made again.
"""

import queue
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from agent.core.errors import Unavailable
from agent.core.score import ScoreCard
from agent.core.text import ENGLISH
from agent.evaluator.assignment import Assignment
from agent.evaluator.executor.news import Answered, Closed, News, Opened
from agent.evaluator.executor.place import NotOpened, PlaceLost
from agent.evaluator.executor.pool import Executor, lost_twice
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.pace import TemplateTime
from agent.evaluator.protocol import Protocol
from agent.evaluator.worker_pool import worker_count
from agent.science.history import card_of
from agent.search.budget import Ledger
from agent.search.journal import Journal
from agent.search.steps import Answer, Step
from agent.store.files import WorkspaceError
from agent.store.places import Outcome
from agent.store.workspace import StaleRun, Workspace

LOOK = 0.5  # seconds between two looks at what a person asked for, while nothing is heard


@dataclass
class Flight:
    """A step that is under way, and at which place the same was lost before, if it was."""

    step: Step
    future: "Future[ScoreCard] | None" = None
    lost_at: str = ""


@dataclass
class Places:
    """The places of one search."""

    executor: Executor
    workspace: Workspace
    protocol: Protocol
    ledger: Ledger
    journal: Journal
    open: list[str] = field(default_factory=list, init=False)
    flights: dict[str, Flight] = field(default_factory=dict, init=False)  # by place
    lost: list[Flight] = field(default_factory=list, init=False)  # to be begun once more, elsewhere
    last_words: str = field(default="", init=False)  # of the place that was closed last

    @property
    def free(self) -> list[str]:
        """The places with nothing to do, in the order in which they were opened."""
        return [place for place in self.open if place not in self.flights]

    @property
    def busy(self) -> bool:
        """Whether anything is under way, or is to be begun once more."""
        return bool(self.flights or self.lost)

    def greet(self) -> None:
        """Take in the places that there are at the beginning."""
        if not self.open:
            self.journal.places.search()
        for place in self.executor.names:
            self._open(place)
        while self.take_in(0.0) is not None:
            pass

    def wait(self) -> None:
        """Wait a moment for news. Unavailable where no place is left, and none will come."""
        if not self.open and not self.flights and not self.executor.grows:
            raise Unavailable(f"no place is left to evaluate at; {self.last_words}")
        if self.take_in(LOOK) is not None and self.flights:
            self.journal.trains(next(reversed(self.flights.values())).step.run.proposal)

    def give_up_lost(self) -> None:
        """Leave what was lost to the next search."""
        for flight in self.lost:
            flight.step.give_back()
        self.lost.clear()

    def retry(self) -> None:
        """Begin what was lost once more, at a place where it was not lost if there is another one."""
        for flight in tuple(self.lost):
            fit = [place for place in self.free if place != flight.lost_at or len(self.open) == 1]
            if fit:
                self.lost.remove(flight)
                self._fly(fit[0], flight)

    def begin(self, place: str, step: Step) -> None:
        """Give a step to a place. StaleRun where the step is no longer wanted."""
        self.flights[place] = Flight(step)  # from here on Ctrl-C gives it back
        try:
            step.begin()
        except StaleRun:
            del self.flights[place]
            raise
        self._fly(place, self.flights[place])

    def _fly(self, place: str, flight: Flight) -> None:
        step = flight.step
        self.flights[place] = flight
        self.ledger.begin(place)
        self.journal.places.begun(place, step.task)
        watch = self.journal.training(step.protocol, place)
        flight.future = self.executor.begin(place, self._assignment(step), watch)

    def _assignment(self, step: Step) -> Assignment:
        """What a step comes to for whatever evaluates it."""
        device, workers, template = self.executor.device, self.executor.workers, None
        if baseline := self.workspace.history().baseline:
            whole = worker_count(device)
            crews = (card_of(baseline).workers or whole) / (workers or whole)
            template = TemplateTime.of(card_of(baseline), self.protocol, step.protocol, crews)
        seed = self.workspace.test_seed()
        return Assignment(step.run.proposal.source, step.protocol, device, seed, workers, template)

    def take_in(self, seconds: float) -> News | None:
        """Wait for the next news, at most so many seconds, and do what follows from it; None where there is none."""
        try:
            news = self.executor.news.get(timeout=seconds) if seconds else self.executor.news.get_nowait()
        except queue.Empty:
            return None
        match news:
            case Opened(place):
                self._open(place)
            case Closed(place, why):
                if place in self.open:
                    self.open.remove(place)
                    self.ledger.places = max(1, len(self.open))
                self.last_words = why[ENGLISH]
                self.journal.places.closed(place, why)
                self.journal.line(f"· {self.last_words}")
            case Answered(place, future) if place in self.flights and future is self.flights[place].future:
                self._land(place, future)
        return news

    def _open(self, place: str) -> None:
        if place not in self.open:
            self.open.append(place)
            self.ledger.places = len(self.open)
            self.journal.places.opened(place)

    def _land(self, place: str, future: "Future[ScoreCard]") -> None:
        """The answer of a place. Raises what is neither a card nor the variant's failure."""
        flight = self.flights.pop(place)
        self.ledger.end(place)
        try:
            answer: Answer = future.result()
        except EvaluationFailed as failed:
            answer = failed
        except PlaceLost as loss:
            self.journal.places.ended(place, flight.step.task, "lost")
            if not flight.lost_at or isinstance(loss, NotOpened):
                lost_at = flight.lost_at if isinstance(loss, NotOpened) else place
                self.lost.append(Flight(flight.step, lost_at=lost_at))
                return
            answer = lost_twice(loss)
            self._end(flight.step, answer)
            return
        outcome: Outcome = "failed" if isinstance(answer, EvaluationFailed) else "finished"
        self.journal.places.ended(place, flight.step.task, outcome)
        self._end(flight.step, answer)

    def _end(self, step: Step, answer: Answer) -> None:
        with suppress(StaleRun):  # somebody at another shell was quicker
            step.end(answer)

    def give_back(self) -> None:
        """The search ends in the middle: what is under way is as if it had not been begun."""
        with suppress(WorkspaceError):  # which may be why it ends; the next search puts right what is left
            for place, flight in self.flights.items():
                self.journal.places.ended(place, flight.step.task, "interrupted")
                flight.step.give_back()
            self.give_up_lost()
        self.flights.clear()
