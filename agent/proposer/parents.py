"""Which variant to go on from."""

import math
from collections.abc import Iterator
from random import Random
from statistics import pstdev

from agent.core.run import Run
from agent.science.comparison import AVERAGE
from agent.science.history import History

CURIOSITY = 0.5  # how much a parent that was never tried from is worth, in standard deviations of the scored runs
LEAST_STD = 0.005  # of an average over six tasks: what the noise of one alone would give


def rank_parents(history: History, draw: Random) -> Iterator[Run]:
    """The scored runs, the most promising parent first; the same for the same history and Random.

    A parent's promise is a draw from what is known of its gain over the template by the objective (mean and standard
    error, so that a lucky score counts for less), and a bonus that shrinks with each thing that was proposed from it,
    as in the upper confidence bounds of Auer et al. 2002: sqrt(log(all) / (1 + proposed)).
    """
    scored = history.scored
    spread = max(LEAST_STD, pstdev(map(history.merit, scored))) if scored else LEAST_STD

    def promise(run: Run) -> float:
        error = _error(history, run)
        bonus = math.sqrt(math.log(1 + len(scored)) / (1 + len(history.children(run.name))))
        merit = draw.gauss(history.merit(run), error if math.isfinite(error) else spread)
        return merit + CURIOSITY * spread * bonus

    yield from sorted(scored, key=promise, reverse=True)


def _error(history: History, run: Run) -> float:
    """The standard error of what a run is ranked by."""
    if history.baseline is None:
        return history.estimates(run)[AVERAGE].error
    found = history.judgement(run)
    return found.gain.error if found is not None else 0.0
