"""What the scores of the morning table are compared with, by its reader's choice: the template, the parent or the best.

The table is written against the template. For the other two each row carries its differences, and a script shows them.
"""

from typing import Literal

from agent.core.run import Run
from agent.report.standing import Standing, shade
from agent.science.estimate import AVERAGE
from agent.science.history import History

Basis = Literal["parent", "best"]
BASES: tuple[Basis, ...] = ("parent", "best")


def _other(history: History, run: Run, basis: Basis) -> Run | None:
    """What a run is compared with; None where there is no such run, or it is the run itself."""
    other = history.parent(run.proposal) if basis == "parent" else history.best
    return other if other is not None and other.id != run.id else None


def packed(history: History, standing: Standing, basis: Basis) -> str:
    """The same as the table's script reads it: the average's difference, the run's verdict, the colours of the average
    and of each task.

    "0.0123 better p2 - n1"; a dash is no colour. Nothing where there is nothing to compare with.
    """
    other = _other(history, standing.run, basis) if standing.run.scored else None
    if other is None:
        return ""
    found, verdict = history.compare(standing.run, other), history.judge(standing.run, other).verdict
    shades = (shade(found[task]) or "-" for task in (AVERAGE, *(task for task in found if task != AVERAGE)))
    return f"{found[AVERAGE].difference:.4f} {verdict} {' '.join(shades)}"
