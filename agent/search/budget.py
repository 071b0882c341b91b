"""When a search has had enough: hours, runs, failures in a row, or a person who stops it. Money: agent.llm.spending."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from agent.core.errors import ENDED, INTERRUPTED, TOO_MANY_FAILURES
from agent.core.run import BASELINE, Run
from agent.core.text import Text, say
from agent.llm.spending import Spending


@dataclass(frozen=True)
class Budget:
    """What a search may use; None is no limit. Baselines count towards the hours alone."""

    hours: float | None = None
    runs: int | None = None
    failures: int = 5  # in a row


@dataclass(frozen=True)
class Stop:
    """Why a search ended."""

    reason: Text
    exit_code: int = ENDED


@dataclass
class Ledger:
    """What a search has used so far."""

    budget: Budget
    spending: Spending = field(default_factory=Spending)
    clock: Callable[[], float] = time.monotonic
    finished: int = 0
    known_finished: int = 0  # known variants, which count towards the hours alone
    tried: int = 0  # proposals that were trained, whatever came of it
    failures_in_a_row: int = 0
    evaluations: list[float] = field(default_factory=list)  # seconds each
    began: dict[str, float] = field(default_factory=dict)  # place -> when its evaluation under way began
    under_way: set[str] = field(default_factory=set)  # the ids of proposals that are trained and have not ended
    places: int = 1  # how many evaluations may be under way at once
    interrupted: bool = False
    reserved: float = 0.0  # seconds at the end that nothing new is begun in: see agent/search/confirmation.py
    known_wait: bool = False  # for the first proposal: they are trained also where that was the only one

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def seconds(self) -> float:
        return self.clock() - self.started

    @property
    def busy(self) -> float:
        """The share of the time in which something was trained, of all places together."""
        now = self.clock()
        under_way = tuple(self.began.values())  # at once: threads that watch a training ask as well
        trained = sum(self.evaluations) + sum(now - began for began in under_way)
        return min(1.0, trained / (self.seconds * self.places)) if self.seconds > 0 else 0.0

    def begin(self, place: str) -> None:
        """Count an evaluation that begins at a place."""
        self.began[place] = self.clock()

    def end(self, place: str) -> None:
        """Count the time that the evaluation of a place took, also where nothing came of it."""
        self.evaluations.append(self.clock() - self.began.pop(place))

    def register(self, run: Run) -> None:
        """Count a proposal whose training begins, until it is entered."""
        if run.proposal.author != BASELINE:
            self.under_way.add(run.id)

    def enter(self, run: Run) -> None:
        """Count a run that has ended."""
        self.under_way.discard(run.id)
        if run.proposal.author != BASELINE:
            self.finished += 1
            self.tried += run.scored or run.attempts > 0
            if run.failure is None:
                self.failures_in_a_row = 0
            elif run.failure.kind != "interrupted":  # of several that a kill cut off, it speaks against one at most
                self.failures_in_a_row += 1
        else:
            self.known_finished += 1

    def stop(self) -> Stop | None:
        """Why to stop now, before anything else is begun; None while there is budget left."""
        return self._stop(self.finished, self.seconds, self.known_wait)

    def affords(self, seconds: float) -> bool:
        """Whether what takes so long takes at most half of the time that is left."""
        return self.budget.hours is None or 2 * seconds <= self.budget.hours * 3600 - self.seconds

    def goes_on(self) -> bool:
        """Whether any proposal will be begun after those under way, as far as can be foreseen."""
        return self._stop(self.finished + len(self.under_way), self.seconds + self._expected) is None

    @property
    def runs_ahead(self) -> float:
        """How many proposals may follow those under way; infinite without a limit."""
        return math.inf if self.budget.runs is None else self.budget.runs - self.finished - len(self.under_way)

    @property
    def proposals_over(self) -> bool:
        """Whether as many have ended or are under way as there were to be."""
        return self.runs_ahead <= 0

    def _stop(self, finished: int, seconds: float, known_wait: bool = False) -> Stop | None:
        budget = self.budget
        if self.interrupted:
            return Stop(say("stop.by you"), INTERRUPTED)
        if self.failures_in_a_row >= budget.failures:
            return Stop(say("stop.failures", count=self.failures_in_a_row), TOO_MANY_FAILURES)
        if budget.runs is not None and finished >= budget.runs and not known_wait:
            return Stop(say("stop.runs", count=budget.runs))
        if (
            budget.hours is not None
            and not self._owes_a_try
            and seconds + self._expected / 2 >= budget.hours * 3600 - self.reserved
        ):
            return Stop(_over(budget.hours))
        return None

    @property
    def overtime(self) -> bool:
        """Whether the hours are over and yet one proposal is tried: no search ends with its baselines alone."""
        hours = self.budget.hours
        return hours is not None and self._owes_a_try and self.seconds + self._expected / 2 >= hours * 3600

    @property
    def _owes_a_try(self) -> bool:
        """Whether known variants were trained, and no proposal was."""
        return self.known_finished > 0 and self.tried == 0 and not self.under_way and not self.proposals_over

    @property
    def _expected(self) -> float:
        """How long the next evaluation will take, in seconds: what would mostly lie beyond the end is not begun."""
        return median(self.evaluations) if self.evaluations else 0.0


def _over(hours: float) -> Text:
    return say("stop.minutes", minutes=hours * 60) if hours < 1 else say("stop.hours", hours=hours)
