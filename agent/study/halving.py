"""Asynchronous successive halving (Li et al. 2018, arXiv 1810.05934, algorithm 2), the rule that promotion by chance
(agent/science/promotion.py) is held against: of all that reached the end of a leg the best 1/ETA goes on.

What was stopped is not taken up again when others do worse than it, as in a search.
"""

from agent.core.run import Run
from agent.science.history import History
from agent.science.promotion import may_be_stopped

ETA = 3


def halved(history: History, run: Run, eta: int = ETA) -> bool:
    """Whether a run is stopped: not among the best share by its gain over the template on the seeds of its legs."""
    template = history.baseline
    if template is None or not may_be_stopped(history, run):
        return False
    mine = history.part(run, template)
    if mine is None:
        return False
    reached = []
    for other in (*history.scored, *history.stopped):
        found = history.part(run, other) if other.scored else history.part(other, template)
        if found is not None and other.id != template.id:
            gain = found.judged.gain.difference
            reached.append(mine.judged.gain.difference - gain if other.scored else gain)
    above = sum(gain > mine.judged.gain.difference for gain in reached)
    return above >= max(1, (1 + len(reached)) // eta)
