"""Which variant to go on from."""

import math
from collections.abc import Iterator
from random import Random
from statistics import pstdev

from agent.core.run import Run
from agent.science.estimate import AVERAGE
from agent.science.history import History

CURIOSITY = 0.5  # how much a parent that was never tried from is worth, in standard deviations of the scored runs
LEAST_STD = 0.005  # of an average over six tasks: what the noise of one alone would give


def rank_parents(history: History, draw: Random) -> Iterator[Run]:
    """The scored runs, the most promising parent first; the same for the same history and Random.

    A parent's promise is a draw from what is known of its gain over the template by the objective (mean and standard
    error, so that a lucky score counts for less; of what loses memory no more than nothing), and a bonus that shrinks
    with each thing that was proposed from it, as in the upper confidence bounds of Auer et al. 2002:
    sqrt(log(all) / (1 + proposed)).
    """
    scored = history.scored
    gains = {run.id: _gain(history, run) for run in scored}
    spread = max(LEAST_STD, pstdev(gain for gain, _ in gains.values())) if gains else LEAST_STD

    def promise(run: Run) -> float:
        gain, error = gains[run.id]
        bonus = math.sqrt(math.log(1 + len(scored)) / (1 + len(history.children(run.name))))
        return draw.gauss(gain, error if math.isfinite(error) else spread) + CURIOSITY * spread * bonus

    yield from sorted(scored, key=promise, reverse=True)


def _gain(history: History, run: Run) -> tuple[float, float]:
    """A scored run's gain in units of the average's accuracy, with its error; before the template is scored its
    average."""
    known = history.estimates(run)[AVERAGE]
    judged = history.judgement(run)
    if judged is None:
        return known.mean if history.baseline is None else 0.0, known.error
    return judged.in_average.difference, judged.in_average.error
