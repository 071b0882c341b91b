"""How a run came about: the path of changes that leads to it from the variant without a parent."""

from dataclasses import dataclass
from itertools import pairwise

from agent.core.run import Run
from agent.report.code import DiffLine, diff
from agent.report.morning import change
from agent.science.comparison import Comparison
from agent.science.estimate import AVERAGE
from agent.science.history import History


@dataclass(frozen=True)
class Step:
    """A run of the path: what it changes of the one before, and what that did to each task and to the average.

    `against` is empty for the first run, which changes nothing.
    """

    run: Run
    change: str
    against: dict[str, Comparison]
    lines: tuple[DiffLine, ...]

    @property
    def margin(self) -> Comparison | None:
        return self.against.get(AVERAGE)

    @property
    def by_task(self) -> dict[str, Comparison]:
        return {task: found for task, found in self.against.items() if task != AVERAGE}


def path_to(history: History, run: Run) -> tuple[Run, ...]:
    """A scored run's ancestors, oldest first, by first parents, and the run itself."""
    path, seen = [run], {run.id}
    while (parent := history.parent(path[-1].proposal)) is not None and parent.id not in seen:
        path.append(parent)
        seen.add(parent.id)
    return tuple(reversed(path))


def ascent(history: History) -> tuple[Step, ...]:
    """How the best came about; nothing where nothing was scored, or the best is nobody's change."""
    path = path_to(history, history.best) if history.best else ()
    if len(path) < 2:
        return ()
    first = Step(path[0], change(path[0], None), {}, ())
    return (first, *(_step(history, parent, run) for parent, run in pairwise(path)))


def _step(history: History, parent: Run, run: Run) -> Step:
    lines = diff(parent.proposal.source, run.proposal.source)
    return Step(run, change(run, parent), history.compare(run, parent), lines)
