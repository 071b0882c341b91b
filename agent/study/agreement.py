"""How far the order of the known variants under a protocol is that of their known scores, with an interval.

Twelve systems that differ little cannot show much: other seeds alone would order them otherwise. So the seeds of each
setting are drawn anew, with replacement and the same for every variant, since variants share their seeds; and the
correlation is taken of each such draw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.core.baselines import reference_scores
from agent.evaluator.protocol import Protocol
from agent.science.estimate import AVERAGE
from agent.science.measure import MACRO
from agent.study.cells import reached
from agent.study.pieces import settings_of
from agent.study.rows import Row

DRAWS = 2000
EDGES = (2.5, 97.5)  # percentiles: 95 percent
EASILY_LEARNED = "Memorize"  # a map that needs no memory, whose differences are larger than all others together
WITHOUT = f"average without {EASILY_LEARNED}"

Scores = Mapping[str, NDArray[np.float64]]  # column -> draws x variants


@dataclass(frozen=True)
class Agreement:
    """Spearman's rank correlation with the known scores by column, and its 95 percent interval."""

    variants: int
    found: dict[str, float]
    interval: dict[str, tuple[float, float]]

    @property
    def header(self) -> list[str]:
        return [f"Spearman over {self.variants} variants", *self.found]

    @property
    def rows(self) -> list[list[object]]:
        """The lines of a table."""
        between = [f"{low:.3f} to {high:.3f}" for low, high in self.interval.values()]
        return [["as measured", *self.found.values()], ["seeds drawn anew, 95 percent", *between]]


def agreement_of(protocol: Protocol, rows: Sequence[Row], ours: pd.DataFrame) -> Agreement:
    """The agreement of a table of our scores, variant x task and average, of which `rows` are the seeds."""
    tasks = [column for column in ours.columns if column != AVERAGE]
    known = pd.DataFrame.from_dict(reference_scores(), orient="index").loc[ours.index]
    of_known = _with_averages({task: known[task].to_numpy()[None] for task in tasks}, protocol)
    measured = _with_averages({task: ours[task].to_numpy()[None] for task in tasks}, protocol)
    redrawn = _with_averages(_redrawn(protocol, rows, [*ours.index], tasks), protocol)
    found = {column: float(_spearman(measured[column], of_known[column])[0]) for column in measured}
    edges = {column: np.nanpercentile(_spearman(redrawn[column], of_known[column]), EDGES) for column in redrawn}
    return Agreement(len(ours), found, {column: (float(low), float(high)) for column, (low, high) in edges.items()})


def _with_averages(tasks: Scores, protocol: Protocol) -> Scores:
    """The columns of tasks, and where all are there their average, with and without the task that needs no memory."""
    if tasks.keys() != set(protocol.tasks):
        return tasks
    others = [scores for task, scores in tasks.items() if task != EASILY_LEARNED]
    return {**tasks, AVERAGE: np.mean([*tasks.values()], axis=0), WITHOUT: np.mean(others, axis=0)}


def _redrawn(protocol: Protocol, rows: Sequence[Row], variants: Sequence[str], tasks: Sequence[str]) -> Scores:
    """Scores as other seeds might have made them."""
    by_variant = reached(protocol, rows, MACRO)
    generator = np.random.default_rng(0)  # so that a published interval can be printed again
    means: dict[str, list[NDArray[np.float64]]] = {task: [] for task in tasks}
    for setting in settings_of(protocol):
        if setting.task in means:
            found = [by_variant[name][setting.label] for name in variants]
            seeds = sorted(set(found[0]).intersection(*found[1:]))
            scores = np.array([[each[seed] for seed in seeds] for each in found])
            chosen = generator.integers(len(seeds), size=(DRAWS, len(seeds)))
            means[setting.task].append(scores[:, chosen].mean(axis=2).T)
    return {task: np.mean(parts, axis=0) for task, parts in means.items()}


def _spearman(scores: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank correlation of each draw; NaN where all variants are equal."""
    from scipy.stats import rankdata

    mine, theirs = (rankdata(np.round(each, 9), axis=1) for each in (scores, known))
    mine, theirs = (each - each.mean(axis=1, keepdims=True) for each in (mine, theirs))
    with np.errstate(invalid="ignore"):
        return (mine * theirs).sum(axis=1) / np.sqrt((mine**2).sum(axis=1) * (theirs**2).sum(axis=1))
