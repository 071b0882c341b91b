"""What a search came to, in a few lines: for the end of its screen, and for the reader in the morning."""

from dataclasses import dataclass

from agent.core.run import BASELINE, Run
from agent.science.history import History

WORTH_READING = 3


@dataclass(frozen=True)
class Summary:
    """Counts of what was proposed, the best run so far, and the runs whose notes to read first."""

    tried: int  # trained, whole or in part, or failed before
    kept: int
    failed: int
    stopped: int  # after a leg
    rejected: int
    waiting: int
    best: Run | None
    worth_reading: tuple[Run, ...]


def summary_of(history: History, since: float = 0.0) -> Summary:
    """Of what was proposed or finished since then. Kept is what is better than the template."""
    ours = [run for run in history.runs if run.proposal.author != BASELINE and active_since(run, since)]
    tried = [run for run in ours if run.tried]
    return Summary(
        tried=len(tried),
        kept=sum(_surprise(history, run) > 0 and _verdict(history, run) == "better" for run in ours),
        failed=sum(run.failure is not None for run in ours),
        stopped=sum(run.stopped is not None for run in ours),
        rejected=sum(run.stage == "rejected" for run in ours),
        waiting=sum(run.stage == "proposed" for run in ours),
        best=history.best,
        worth_reading=tuple(sorted(tried, key=lambda run: _interest(history, run), reverse=True)[:WORTH_READING]),
    )


def active_since(run: Run, since: float) -> bool:
    """Whether anything happened to a run after a time."""
    return not since or any(milestone.at >= since for milestone in run.milestones)


def _surprise(history: History, run: Run) -> float:
    """How many standard errors a run's gain lies from nothing, up or down."""
    found = history.judgement(run)
    return found.gain.difference / found.gain.error if found and found.gain.freedom else 0.0


def _verdict(history: History, run: Run) -> str:
    found = history.judgement(run)
    return found.verdict if found else ""


def _interest(history: History, run: Run) -> tuple[bool, bool, float]:
    """The best first, then gains, then losses, then the rest: what differs from the template teaches most."""
    surprise = _surprise(history, run)
    return run == history.best, surprise > 0 and _verdict(history, run) == "better", abs(surprise)
