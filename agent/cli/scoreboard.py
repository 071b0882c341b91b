"""Every run beside the template: what `table` prints."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.table import Table

from agent.core.invocation import command
from agent.core.run import OlderNote, Run
from agent.proposer.controls import controls
from agent.science.estimate import AVERAGE
from agent.science.history import History, card_of
from agent.science.objective_words import brief
from agent.search.printing import fitting_console


@dataclass(frozen=True)
class Entry:
    """A run's scores and their standard errors by task and "average", and its verdict against the template."""

    name: str
    run: str
    stage: str
    scores: dict[str, float]
    errors: dict[str, float | None]
    verdict: str
    failure: str
    outcome: str = ""  # the verdict in words, with the axis that was won, and both gains
    half_widths: Mapping[str, float] = field(default_factory=dict)  # of 95 percent intervals, where they are known

    def flat(self) -> dict[str, str | float | None]:
        """One row with a column a score, as notebooks like it."""
        scores = {task: f"{score:.6f}" for task, score in self.scores.items()}
        errors = {f"{task} error": None if error is None else f"{error:.6f}" for task, error in self.errors.items()}
        said = {"verdict": self.verdict, "outcome": self.outcome, "stage": self.stage, "failure": self.failure}
        return {"name": self.name, "run": self.run, **scores, **errors, **said}


def scoreboard(history: History) -> list[Entry]:
    """The scored runs, best average first, then those that were stopped after a leg, then the failed ones."""
    scored = sorted(history.scored, key=lambda run: card_of(run).average, reverse=True)
    return [_entry(history, run) for run in (*scored, *history.stopped, *history.failed)]


def controls_beside(history: History) -> list[Entry]:
    """The shipped scores of the controls under this protocol, the best average first."""
    return [
        Entry(
            each.name, "", "control", {task: known.mean for task, known in each.measured.estimates.items()}, {},
            each.judgement.verdict, "", f"a control: {brief(each.judgement)}",
        )
        for each in controls(history)
    ]  # fmt: skip


def references(notes: Iterable[OlderNote]) -> list[Entry]:
    """The scores of imported notes, as they stand there: of another protocol and without errors. The last note wins."""
    rows = {name: (note.id, scores) for note in notes for name, scores in note.table.items()}
    return [
        Entry(name, origin, "imported", {**scores, AVERAGE: fmean(scores.values())}, {}, f"imported: {origin}", "")
        for name, (origin, scores) in rows.items()
    ]


def _entry(history: History, run: Run) -> Entry:
    if run.card is None:
        if run.stopped is not None:
            return Entry(run.name, run.id, run.stage, {}, {}, "", "", f"stopped: {run.stopped}")
        reason = str(run.failure) if run.failure else ""
        return Entry(run.name, run.id, run.stage, {}, {}, "", reason)
    estimates = history.estimates(run)
    judged = history.judgement(run)
    scores = {task: known.mean for task, known in estimates.items()}
    errors = {task: known.error if known.error < float("inf") else None for task, known in estimates.items()}
    verdict, said = (judged.verdict, brief(judged)) if judged else ("", "")
    widths = {task: known.half_width for task, known in estimates.items() if math.isfinite(known.half_width)}
    return Entry(run.name, run.id, run.stage, scores, errors, verdict, "", said, widths)


def print_scoreboard(entries: list[Entry], workspace: Path) -> None:
    console: Console = fitting_console()
    board = Table(box=None, pad_edge=False)
    board.add_column("variant", overflow="fold")
    tasks = next((list(entry.scores) for entry in entries if entry.scores), [])
    for task in tasks:  # each score with 95 percent of its noise to both sides
        board.add_column(task, justify="right", no_wrap=True)
    board.add_column("against the template")
    for entry in entries:
        said = entry.outcome or entry.verdict or entry.failure
        board.add_row(entry.name, *(_cell(entry, task) for task in tasks), said)
    console.print(board if entries else f"no run yet: {command('search', workspace)}")


def _cell(entry: Entry, task: str) -> str:
    if task not in entry.scores:
        return ""
    width = entry.half_widths.get(task)
    return f"{entry.scores[task]:.3f}" + (f" ±{width:.3f}" if width is not None else "")
