"""What the search achieved beyond its best: how many are as good, and how many changes were steps ahead."""

from dataclasses import dataclass

from agent.core.run import BASELINE, Run
from agent.science.history import History
from agent.science.summary import active_since


@dataclass(frozen=True)
class Steps:
    """Of the scored changes of a search: how many are better and worse than their own parent beyond the noise."""

    better: int
    worse: int
    scored: int


def tied_with(history: History, best: Run) -> int:
    """How many others cannot be told from a scored run."""
    others = (run for run in history.scored if run.id != best.id)
    return sum(history.judge(best, run).verdict == "indistinguishable" for run in others)


def steps_since(history: History, since: float) -> Steps:
    """Whether the changes of a search were steps ahead: each against the run that it changed."""
    pairs = [
        (run, parent)
        for run in history.scored
        if run.proposal.author != BASELINE and active_since(run, since) and (parent := history.parent(run.proposal))
    ]
    verdicts = [history.judge(run, parent).verdict for run, parent in pairs]
    return Steps(verdicts.count("better"), verdicts.count("worse"), len(pairs))
