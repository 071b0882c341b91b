"""What a search came to, in a few lines: for the end of its screen, and for whoever reads in the morning."""

from dataclasses import dataclass
from pathlib import Path

from agent.budget import Stop
from agent.comparison import AVERAGE
from agent.history import History
from agent.invocation import command
from agent.record import BASELINE, Run
from agent.sentences import counted
from agent.status import describe_run

WORTH_READING = 3


@dataclass(frozen=True)
class Summary:
    """Counts of what was proposed, the best run so far, and the runs whose notes to read first."""

    tried: int  # trained, or failed before
    kept: int
    failed: int
    rejected: int
    waiting: int
    best: Run | None
    worth_reading: tuple[Run, ...]


def summary_of(history: History, since: float = 0.0) -> Summary:
    """Of what was proposed or finished since then. Kept is what lies above the template by more than the noise."""
    ours = [run for run in history.runs if run.proposal.author != BASELINE and active_since(run, since)]
    tried = [run for run in ours if run.scored or run.failure]
    return Summary(
        tried=len(tried),
        kept=sum(_surprise(history, run) > 0 and _verdict(history, run) == "better" for run in ours),
        failed=sum(run.failure is not None for run in ours),
        rejected=sum(run.stage == "rejected" for run in ours),
        waiting=sum(run.stage == "proposed" for run in ours),
        best=history.best,
        worth_reading=tuple(sorted(tried, key=lambda run: _interest(history, run), reverse=True)[:WORTH_READING]),
    )


def active_since(run: Run, since: float) -> bool:
    """Whether anything happened to a run after a time."""
    return not since or any(milestone.at >= since for milestone in run.milestones)


def summarise(history: History, stop: Stop, root: Path) -> str:
    """The summary as plain lines, with where to read on."""
    facts = summary_of(history)
    waiting = f", {facts.waiting} waiting for a decision" if facts.waiting else ""
    lines = [
        f"Stopped because {stop.reason.en}.",
        f"{counted(facts.tried, 'proposal')} tried: {facts.kept} better than the template beyond the noise, "
        f"{facts.failed} failed, {facts.rejected} rejected{waiting}.",
    ]
    if facts.best is not None:
        lines.append(f"Best: {describe_run(history, facts.best)}")
    if facts.worth_reading:
        lines.append("Read first:")
    for run in facts.worth_reading:
        lines.append(f"  {root / 'runs' / run.id / 'insights.md'}\n      {describe_run(history, run)}")
    lines.append(f"All scores: {root / 'results.csv'}, with their errors: {command('table', root)}")
    lines.append(f"The report, with every note and curve: {command('report --open', root)}")
    return "\n".join(lines)


def _surprise(history: History, run: Run) -> float:
    """How many standard errors a run lies from the template, up or down."""
    difference = history.against_template(run).get(AVERAGE)
    return difference.difference / difference.error if difference and difference.freedom else 0.0


def _verdict(history: History, run: Run) -> str:
    difference = history.against_template(run).get(AVERAGE)
    return difference.verdict if difference else ""


def _interest(history: History, run: Run) -> tuple[bool, bool, float]:
    """The best first, then gains, then losses, then the rest: what differs from the template teaches most."""
    surprise = _surprise(history, run)
    return run == history.best, surprise > 0 and _verdict(history, run) == "better", abs(surprise)
