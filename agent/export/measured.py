"""What is exported of a run: the same numbers under the same names for every program."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from agent.core.run import Run
from agent.core.text import ENGLISH
from agent.science.history import card_of
from agent.store.workspace import Workspace

AVERAGE = "average"


@dataclass(frozen=True)
class Point:
    """A number of a training: its name, such as "accuracy/Memorize V8/seed 0", and the step of the training."""

    name: str
    step: int
    value: float


def scored_runs(workspace: Workspace) -> Iterator[Run]:
    """Every run that has scores, oldest first, with its learning curves."""
    for run in workspace.history().scored:
        yield workspace.with_curves(run)


def scores_of(run: Run) -> dict[str, float]:
    """Task -> score, and "average"."""
    return {**card_of(run).scores, AVERAGE: card_of(run).average}


def curves_of(run: Run) -> tuple[Point, ...]:
    """Every validation of every seed of every setting. A number that is none is left out."""
    found = []
    for task in card_of(run).tasks.values():
        for seed in task.seeds:
            for point in seed.curve:
                known = {"accuracy": point.accuracy, "loss": point.loss, "training loss": point.training_loss}
                found += [
                    Point(f"{name}/{seed.setting}/seed {seed.seed}", point.step, value)
                    for name, value in known.items()
                    if math.isfinite(value)
                ]
    return tuple(found)


def facts_of(run: Run) -> dict[str, str]:
    """What a run was, in words."""
    return {
        "run": run.id,
        "name": run.name,
        "title": run.proposal.title[ENGLISH],
        "author": run.proposal.author,
        "parents": ", ".join(run.proposal.parents),
        "moves": ", ".join(run.proposal.moves),
        "protocol": run.protocol,
        "fingerprint": run.fingerprint,
        "stage": run.stage,
        "failure": str(run.failure or ""),
    }


def time_of(run: Run) -> float:
    """When a run was scored, had failed or was stopped, else when it was proposed: seconds since the epoch."""
    return run.ended or run.reached("proposed") or 0.0
