"""The latest search: what a reader wants to know first in the morning."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.core.run import BASELINE, Run
from agent.core.sentences import joined
from agent.core.text import Text, say
from agent.report import sentences
from agent.report.markup import short
from agent.report.standing import Standing
from agent.report.steps import Steps, steps_since, tied_with
from agent.science.confirmation import standing_of, winner
from agent.science.estimate import AVERAGE
from agent.science.field import Rival, rivals
from agent.science.history import History
from agent.science.objective_words import outcome
from agent.science.summary import Summary, active_since, summary_of
from agent.science.verification import verdict_of
from agent.science.verification_words import verified
from agent.store.files import WorkspaceError
from agent.store.status import read_end, read_status
from agent.store.workspace import Workspace


@dataclass(frozen=True)
class Highlight:
    """A run whose note is worth reading, and why."""

    standing: Standing
    why: Text


@dataclass(frozen=True)
class Verified:
    """A verified proposal, what it showed in words, and how many of so many questions it passed."""

    run: Run
    said: Text
    passed: int
    asked: int


@dataclass(frozen=True)
class Night:
    """The latest search: when it was, what it came to and why it stopped; it still runs where `ended` is None."""

    started: float | None
    ended: float | None
    stop: Text
    summary: Summary
    failed: tuple[Run, ...]
    best: Standing | None
    claim: Text  # what may be claimed of the best
    winner: Standing | None  # what lies furthest above the template on fresh seeds, of what is confirmed there
    verified: tuple[Verified, ...]  # what was tried at greater lengths and by numbers of pairs, the best first
    rivals: tuple[Rival, ...]  # of the best
    tied: int  # other scored runs that cannot be told from the best
    steps: Steps
    highlights: tuple[Highlight, ...]
    waiting: tuple[Run, ...]  # for a person's decision


@dataclass(frozen=True)
class LatestSearch:
    """When the latest search began and ended, as far as that is known, and why it did."""

    started: float | None
    ended: float | None
    stop: Text


def latest_search(workspace: Workspace) -> LatestSearch:
    """What the files of the latest search and its lock say."""
    end = read_end(workspace)
    try:
        status = read_status(workspace)
    except WorkspaceError:  # no search was here: runs came by `evaluate --name`
        return LatestSearch(None, None, say("stop.none"))
    if workspace.locks.searcher():
        return LatestSearch(status.started, None, say("stop.running"))
    if end is not None and end.started == status.started:
        return LatestSearch(end.started, end.ended, end.reason)
    return LatestSearch(status.started, status.updated, say("stop.cut off"))


def night(history: History, standings: Mapping[str, Standing], search: LatestSearch) -> Night:
    """The facts of the morning page."""
    summary, won = summary_of(history, search.started or 0.0), winner(history)
    ours = [run for run in history.failed if run.proposal.author != BASELINE]
    return Night(
        search.started,
        search.ended,
        search.stop,
        summary,
        tuple(run for run in ours if active_since(run, search.started or 0.0)),
        standings[summary.best.id] if summary.best else None,
        standing_of(history, summary.best) if summary.best else Text(),
        standings[won.id] if won else None,
        tuple(_verified(history)),
        rivals(history, summary.best) if summary.best else (),
        tied_with(history, summary.best) if summary.best else 0,
        steps_since(history, search.started or 0.0),
        tuple(Highlight(standings[run.id], _why(history, standings[run.id])) for run in summary.worth_reading),
        tuple(run for run in history.runs if run.stage == "proposed"),
    )


def _verified(history: History) -> Iterator[Verified]:
    """Every proposal of which a verification is kept, by rank; the known mixers beside them are on their own pages."""
    for run in history.ranked:
        said = verified(history, run) if run.proposal.author != BASELINE else None
        if said is not None:
            found = verdict_of(history, run)
            yield Verified(run, said, found.passed if found else 0, found.asked if found else 0)


def _why(history: History, standing: Standing) -> Text:
    """Why a run is among those that are most worth reading."""
    run, margin = standing.run, standing.margin
    if run.failure is not None:
        return say("report.why failed", kind=run.failure.kind_text)
    if run.stopped is not None:
        return say("report.why stopped")
    if margin is None:
        return say("report.why unscored")
    if standing.fresh and standing.fresh.winner:
        return say("report.why winner", standing=standing_of(history, run))
    if history.best and history.best.id == run.id:
        return say("report.why best", standing=standing_of(history, run))
    number = sentences.difference(margin)
    told = say(f"report.why {standing.verdict}", difference=number, telling=_telling(standing))
    if standing.judgement is None or not standing.judgement.in_log_odds:
        return told
    return joined([say("report.outcome", outcome=outcome(standing.judgement)), told], "list.space")


def _telling(standing: Standing) -> Text:
    """The task that did most for a difference of the average, if any went its way."""
    tasks = {task: found.difference for task, found in standing.against.items() if task != AVERAGE}
    total = sum(tasks.values())
    most = max(tasks, key=lambda task: tasks[task] * total)
    if tasks[most] * total <= 0:
        return Text()
    part = "most of it" if abs(tasks[most]) > abs(total) / 2 else "largest part"
    return say(f"report.{part}", task=most, difference=sentences.signed(tasks[most]))


def change(run: Run, parent: Run | None) -> str:
    """What a run changes against its parent, in as few words as fit beside a point of a figure."""
    mine, theirs = set(run.proposal.moves), set(parent.proposal.moves) if parent else set()
    if run.proposal.author == BASELINE or not mine or mine == theirs:
        return short(run.name)
    parts = [f"+ {move}" for move in sorted(mine - theirs)] + [f"− {move}" for move in sorted(theirs - mine)]
    return ", ".join(parts)


def finished_at(run: Run) -> float:
    """When a run got its score, failed or was stopped; 0.0 if nothing of that has happened."""
    return run.ended or 0.0


def training_seconds(run: Run) -> float:
    """How long a run was being evaluated, to its score or its failure; the search does nothing else meanwhile."""
    began = run.reached("evaluating")
    if began is None or not finished_at(run):
        return run.seconds
    return max(0.0, finished_at(run) - began)
