"""The data of the figure of progress: every attempt in the order of its end, and the best so far."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from agent.report.morning import change, finished_at, training_seconds
from agent.report.standing import Standing
from agent.science.estimate import AVERAGE
from agent.science.history import History

Mark = Literal["record", "kept", "discarded", "stopped", "failed"]


@dataclass(frozen=True)
class Attempt:
    """A point: how many were evaluated by then, how many hours of training that took, and what came of it.

    A variant that was stopped after a leg has no score. It stands as far from the `template`, that is from its
    average, as on the seeds that both have.
    """

    standing: Standing
    number: int
    hours: float
    mark: Mark
    label: str
    template: float | None = None

    @property
    def score(self) -> float | None:
        if self.standing.part and self.template is not None:
            return self.template + self.standing.part.tasks[AVERAGE].difference
        return self.standing.average.mean if self.standing.average else None

    @property
    def half_width(self) -> float:
        """How far 95 percent of the score's noise reach to each side; 0.0 where that is not known."""
        width = self.standing.average.half_width if self.standing.average else 0.0
        return width if math.isfinite(width) else 0.0


@dataclass(frozen=True)
class Progress:
    """All attempts, and the template's average with 95 percent of its noise to each side (0.0 where unknown)."""

    attempts: tuple[Attempt, ...]
    template: float | None
    half_width: float

    @property
    def records(self) -> tuple[Attempt, ...]:
        """The attempts that were the best by the objective when they ended; their averages may fall."""
        return tuple(attempt for attempt in self.attempts if attempt.mark == "record")


def progress(history: History, standings: Mapping[str, Standing]) -> Progress:
    """Everything that was scored or failed, or was stopped."""
    ended = sorted((each for each in standings.values() if finished_at(each.run)), key=lambda s: finished_at(s.run))
    template = standings[history.baseline.id].average if history.baseline else None
    width = template.half_width if template and math.isfinite(template.half_width) else 0.0
    mean = template.mean if template else None
    return Progress(tuple(_attempts(history, ended, mean)), mean, width)


def _attempts(history: History, ended: Iterable[Standing], template: float | None) -> Iterable[Attempt]:
    best, hours = -math.inf, 0.0
    for number, standing in enumerate(ended, 1):
        hours += training_seconds(standing.run) / 3600
        parent = history.parent(standing.run.proposal)
        mark = _mark(standing)
        run = standing.run
        if run.scored and history.may_win(run) and history.merit(run) > best:
            best, mark = history.merit(run), "record"
        yield Attempt(standing, number, hours, mark, change(standing.run, parent), template)


def _mark(standing: Standing) -> Mark:
    if standing.kind in ("kept", "stopped"):
        return "kept" if standing.kind == "kept" else "stopped"
    return "failed" if standing.average is None else "discarded"
