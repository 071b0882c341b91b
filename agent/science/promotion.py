"""After a leg: is the rest of a variant's row worth its time?

A variant goes on while its paired posterior may still be the best: on the seeds of its legs it is compared with the
best scored run so far, seed by seed, by the objective of the search. Where the chance that it lies above is less than
LEAST_CHANCE, it is stopped. Nothing is stopped whose noise is not known, no baseline or control, nothing that a person
wrote, and none of the first proposals, of which a search must learn what moves do.

Asynchronous successive halving (Li et al. 2018, arXiv 1810.05934), which goes by rank, is the alternative that
simulated nights were run with: agent/study/halving.py.
"""

from agent.core.reason import Field, Reason
from agent.core.run import BASELINE, PERSON, Run
from agent.science.comparison import Comparison
from agent.science.history import History
from agent.science.student import student

LEAST_CHANCE = 0.2
FIRST_ROWS = 3  # proposals that are trained to their end in any case


def reason_to_stop(history: History, run: Run, least_chance: float = LEAST_CHANCE) -> Reason | None:
    """Why a run goes no further, after the legs that it has; None where the next one is worth training.

    It depends on nothing but the history and the run, so that what a night decided can be decided again.
    """
    best = history.best
    if best is None or not may_be_stopped(history, run):
        return None
    part = history.part(run, best)
    if part is None:
        return None
    chance = chance_above(part.judged.gain)
    if chance >= least_chance:
        return None
    gain, legs = part.judged.gain.difference, len(run.legs)
    facts: dict[str, Field] = {"best": best.name, "gain": gain, "legs": legs, "chance": chance, "least": least_chance}
    return Reason("stopped.log_odds" if part.judged.in_log_odds else "stopped.accuracy", facts)


def may_be_stopped(history: History, run: Run) -> bool:
    """Whether a run is of those that are ever stopped: a proposal, once FIRST_ROWS others have a row."""
    if run.proposal.author in (BASELINE, PERSON) or run.proposal.editor:
        return False
    return sum(other.proposal.author != BASELINE for other in history.scored) >= FIRST_ROWS


def chance_above(found: Comparison) -> float:
    """The probability that a difference is more than nothing, by Student's distribution; 0.5 where nothing is known."""
    if not found.freedom or not found.error:
        return 0.5
    tail = (1.0 - student(abs(found.difference) / found.error, found.freedom)) / 2.0
    return 1.0 - tail if found.difference > 0 else tail
