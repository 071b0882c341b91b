"""Executors that train nothing: their places answer in whatever order a test says, one at a time, without a thread."""

import queue
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace

from sample_cards import sample_proposal
from scored_by_source import GOOD
from small_search import TEMPLATE_SOURCE

from agent.core.run import Proposal, Run
from agent.core.score import ScoreCard
from agent.evaluator.assignment import Assignment, Evaluator, Watch
from agent.evaluator.executor.news import Answered, Closed, News, Opened
from agent.evaluator.executor.place import NotOpened, PlaceLost
from agent.store.places import PlaceEvent

# Which of the places under way answers next; a place is lost where an exception is returned with its name.
Choose = Callable[[list[str]], str | tuple[str, Exception]]


class ScriptedPlaces:
    """An executor whose `choose` is asked which place answers whenever the search waits for news."""

    grows = False
    workers = 1
    device = "cpu"

    def __init__(self, number: int, evaluator: Evaluator, choose: Choose = lambda places: places[0]) -> None:
        self.names = tuple(f"cpu:{index}" for index in range(number))
        self.evaluator, self.choose = evaluator, choose
        self.under_way: dict[str, tuple[Assignment, Future[ScoreCard]]] = {}
        self.told: list[News] = []
        self.most = 0  # places that worked at once
        self.news = self

    def begin(self, place: str, assignment: Assignment, watch: Watch) -> "Future[ScoreCard]":
        assert place not in self.under_way
        future: Future[ScoreCard] = Future()
        if place not in self.names:  # it was closed meanwhile
            future.set_exception(NotOpened(f"{place} is gone"))
            self.told.append(Answered(place, future))
            return future
        self.under_way[place] = (assignment, future)
        self.most = max(self.most, len(self.under_way))
        return future

    def open(self, place: str) -> None:
        self.names = (*self.names, place)
        self.told.append(Opened(place))

    def close(self, place: str, why) -> None:
        self.names = tuple(name for name in self.names if name != place)
        self.told.append(Closed(place, why))

    def get(self, timeout: float) -> News:
        """As of a queue: the next news."""
        if self.told:
            return self.told.pop(0)
        if not self.under_way:
            raise queue.Empty
        chosen = self.choose(sorted(self.under_way))
        if chosen is None:
            raise queue.Empty
        place, answer = chosen if isinstance(chosen, tuple) else (chosen, None)
        assignment, future = self.under_way.pop(place)
        try:
            if answer is not None:
                raise answer
            future.set_result(self.evaluator(assignment, lambda update: None))
        except Exception as error:
            future.set_exception(error)
        return Answered(place, future)

    def get_nowait(self) -> News:
        if not self.told:
            raise queue.Empty
        return self.told.pop(0)


def as_recorded(events: Iterable[PlaceEvent]) -> Choose:
    """The order in which the places of a recorded night answered, and which were lost."""
    answers = [event for event in events if event.event == "ended"]

    def choose(places: list[str]) -> str | tuple[str, Exception]:
        event = answers.pop(0)
        assert event.place in places
        return (event.place, PlaceLost("as recorded")) if event.outcome == "lost" else event.place

    return choose


class NoLineage:
    """Keeps nothing: what keeps variants is tested elsewhere, and takes git and time."""

    def catch_up(self, runs: Iterable[Run]) -> None:
        pass

    def record(self, run: Run) -> None:
        pass


def proposals(count: int) -> list[Proposal]:
    """Of which the second is GOOD."""
    made = [sample_proposal(f"delta_net_4layer_{n}", f"{TEMPLATE_SOURCE}\n# {n}\n") for n in range(count)]
    return [replace(each, source=GOOD) if n == 1 else each for n, each in enumerate(made)]
