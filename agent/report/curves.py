"""The data of the learning curves: accuracy against the share of training that is done, which all settings share."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from agent.core.run import Run
from agent.core.score import SeedScore

GRID = tuple(step / 32 for step in range(33))  # shares of training at which curves are drawn
MOST_SEEDS = 12  # faint lines of a panel: more are a blot

Curve = tuple[float, ...]  # the accuracy at each share of the grid


@dataclass(frozen=True)
class Panel:
    """One task: some single trainings, the mean of all, and the template's mean where it was measured."""

    task: str
    seeds: tuple[Curve, ...]
    mean: Curve
    template: Curve | None


def panels(run: Run, template: Run | None) -> tuple[Panel, ...]:
    """The curves of a scored run that was read with them, a panel a task; nothing where none were kept."""
    known = {task: _mean(curves) for task, curves in _curves(template) if curves} if template else {}
    found = []
    for task, curves in _curves(run):
        if curves:
            spaced = curves[:: max(1, -(-len(curves) // MOST_SEEDS))]
            found.append(Panel(task, tuple(spaced) if len(curves) > 1 else (), _mean(curves), known.get(task)))
    return tuple(found)


def _curves(run: Run) -> Iterable[tuple[str, list[Curve]]]:
    for task in run.card.tasks.values() if run.card else ():
        yield task.task, [_on_grid(seed) for seed in task.seeds if seed.curve]


def _on_grid(seed: SeedScore) -> Curve:
    """A training's accuracy along the grid: from the first validation backwards, and from the last on, it is held."""
    shares = [point.step / seed.steps for point in seed.curve]
    return tuple(_between(shares, [point.accuracy for point in seed.curve], share) for share in GRID)


def _between(shares: Sequence[float], values: Sequence[float], share: float) -> float:
    after = bisect_left(shares, share)
    if after == 0 or after == len(shares):
        return values[min(after, len(values) - 1)]
    left, right = shares[after - 1], shares[after]
    return values[after - 1] + (values[after] - values[after - 1]) * (share - left) / (right - left)


def _mean(curves: Sequence[Curve]) -> Curve:
    return tuple(map(fmean, zip(*curves, strict=True)))
