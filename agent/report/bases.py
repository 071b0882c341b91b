"""What the scores of the morning table are compared with, by its reader's choice: the template, the parent or the best.

The table is written against the template. For the other two each row carries its differences, and a script shows them.
"""

from collections.abc import Mapping
from typing import Literal

from agent.core.run import Run
from agent.report.standing import Standing, shade
from agent.science.comparison import AVERAGE, Comparison
from agent.science.history import History

Basis = Literal["parent", "best"]
BASES: tuple[Basis, ...] = ("parent", "best")


def against(history: History, run: Run, basis: Basis) -> Mapping[str, Comparison]:
    """A scored run against its parent or the best, by task and "average"; empty where there is none."""
    other = history.parent(run.proposal) if basis == "parent" else history.best
    return history.compare(run, other) if other is not None and other.id != run.id else {}


def packed(history: History, standing: Standing, basis: Basis) -> str:
    """The same as the table's script reads it: difference, verdict and the colours of the average and of each task.

    "0.0123 better p2 - n1"; a dash is no colour. Nothing where there is nothing to compare with.
    """
    found = against(history, standing.run, basis) if standing.run.scored else {}
    if not found:
        return ""
    shades = (shade(found[task]) or "-" for task in (AVERAGE, *(task for task in found if task != AVERAGE)))
    return f"{found[AVERAGE].difference:.4f} {found[AVERAGE].verdict} {' '.join(shades)}"
