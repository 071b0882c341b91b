"""Which variant to go on from."""

import math
from collections.abc import Iterator
from random import Random

from agent.core.run import Run
from agent.science.comparison import AVERAGE
from agent.science.history import History, card_of

CURIOSITY = 0.5  # how much a parent that was never tried from is worth, in standard deviations of the scored runs
LEAST_STD = 0.005  # of an average over six tasks: what the noise of one alone would give


def rank_parents(history: History, draw: Random) -> Iterator[Run]:
    """The scored runs, the most promising parent first; the same for the same history and Random.

    A parent's promise is a draw from what is known of its average (mean and standard error, so that a lucky score
    counts for less), and a bonus that shrinks with each thing that was proposed from it, as in the upper confidence
    bounds of Auer et al. 2002: sqrt(log(all) / (1 + proposed)).
    """
    scored = history.scored
    averages = [card_of(run).average for run in scored]
    centre = sum(averages) / max(1, len(averages))
    spread = max(LEAST_STD, math.sqrt(sum((value - centre) ** 2 for value in averages) / max(1, len(averages))))

    def promise(run: Run) -> float:
        known = history.estimates(run)[AVERAGE]
        error = known.error if math.isfinite(known.error) else spread
        bonus = math.sqrt(math.log(1 + len(scored)) / (1 + len(history.children(run.name))))
        return draw.gauss(known.mean, error) + CURIOSITY * spread * bonus

    yield from sorted(scored, key=promise, reverse=True)
