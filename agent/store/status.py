"""What a search is doing, as its own screen and `status` in another shell show it."""

import json
import math
import time
from dataclasses import dataclass, field

from agent.core.invocation import command
from agent.core.run import Run
from agent.core.sentences import counted
from agent.core.text import Text
from agent.llm import Call
from agent.science.comparison import Verdict
from agent.science.field import Rival
from agent.science.history import History, card_of
from agent.science.objective import Judgement
from agent.science.objective_words import brief
from agent.store.files import WorkspaceError, append, reading
from agent.store.places import PlaceStatus
from agent.store.workspace import RUNS, Workspace

STATUS, END, PHASES = "status.json", "ended.json", "phases.jsonl"

MARKS: dict[Verdict, str] = {
    "better": "▲", "worse": "▼", "indistinguishable": "=", "unjudged": "?", "larger": "△", "mixed": "⇅",
}  # fmt: skip
RESULTS = "".join(MARKS.values()) + "·✗"  # what the line of a finished run begins with


@dataclass(frozen=True)
class Status:
    """A moment of a search. Times are seconds since the epoch, shares lie in 0..1."""

    phase: str  # nothing once the search has stopped
    run: str = ""
    idea: str = ""  # what the run changes, and of which variant
    training: str = ""  # task, step, loss, accuracy
    share: float = 0.0  # of the evaluation under way
    started: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    asked: str = ""  # which model for what, since when, and how much of its reply came
    budget: str = ""
    isolation: str = ""
    busy: float = 0.0  # the share of the time in which something was trained
    tried: int = 0
    kept: int = 0  # above the template by more than the noise
    failed: int = 0
    best: str = ""
    latest: tuple[str, ...] = ()
    places: tuple[PlaceStatus, ...] = ()  # what each place does; none of a search by an earlier version


@dataclass(frozen=True)
class Phase:
    """What a search turned to, and when, in seconds since the epoch; no name once it has stopped."""

    at: float
    name: str


@dataclass(frozen=True)
class End:
    """How the latest search of a workspace came to its end. Times are seconds since the epoch."""

    started: float
    ended: float
    reason: Text


def describe_run(history: History, run: Run) -> str:
    """A finished run in one line: its average, how it stands against the template, or why it failed or was stopped."""
    if run.failure is not None:
        return f"✗ {run.name}: {run.failure}"
    if run.stopped is not None:
        return f"· {run.name}: stopped: {run.stopped}"
    if not run.scored:
        return f"· {run.name}: {run.stage}" + (f": {run.review.reason}" if run.review and run.review.reason else "")
    return f"{_mark(history, run)} {run.name}: {card_of(run).average:.4f}{margin(history, run)}"


def margin(history: History, run: Run) -> str:
    """How far a scored run's average lies from the template's, within 95 percent of the noise, and what it won."""
    judged = history.judgement(run)
    return "" if judged is None else f" ({_average(judged)} against the template: {brief(judged)})"


def describe_rival(rival: Rival) -> str:
    """How a scored run stands to its parent or to the best known mixer, in one line."""
    other = f"{'the best known mixer measured here' if rival.known else 'its parent'}, {rival.run.name}"
    return f"{_average(rival.judgement)} against {other}: {brief(rival.judgement)}"


def _average(judged: Judgement) -> str:
    """The difference of two averages, with 95 percent of its noise to both sides where that is known."""
    found = judged.average
    return f"{found.difference:+.4f}" + (f" ± {found.needed:.4f}" if math.isfinite(found.needed) else "")


def _mark(history: History, run: Run) -> str:
    judged = history.judgement(run)
    return MARKS[judged.verdict] if judged else "·"


def describe_call(call: Call) -> str:
    """Which model is asked for what, since when, and how much of its reply came."""
    since = time.strftime("%H:%M:%S", time.localtime(call.since))
    return f"{call.model} to {call.purpose} since {since}, {counted(call.tokens, 'token')} so far"


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def read_end(workspace: Workspace) -> End | None:
    """How the latest search that came to an end did so; None where none has."""
    path = workspace.root / RUNS / END
    with reading(path):
        if not path.exists():
            return None
        facts = json.loads(path.read_text(encoding="utf-8"))
        return End(facts["started"], facts["ended"], Text(**facts["reason"]))


def record_phase(workspace: Workspace, phase: Phase) -> None:
    """Add to what the searches of a workspace turned to."""
    path = workspace.root / RUNS / PHASES
    append(path, json.dumps({"at": round(phase.at, 2), "phase": phase.name}) + "\n")


def read_phases(workspace: Workspace, since: float) -> tuple[Phase, ...]:
    """What was turned to since then; nothing of a search by an earlier version. A line that a kill tore is left out."""
    path = workspace.root / RUNS / PHASES
    found = []
    with reading(path):
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                facts = json.loads(line)
                found.append(Phase(float(facts["at"]), str(facts["phase"])))
            except (ValueError, KeyError, TypeError):
                continue
    return tuple(phase for phase in found if phase.at >= since)


def read_status(workspace: Workspace) -> Status:
    """What the latest search of a workspace wrote; WorkspaceError where none was."""
    path = workspace.root / RUNS / STATUS
    if not path.exists():
        raise WorkspaceError(f"{workspace.root}: no search has begun here yet: {command('search', workspace.root)}")
    with reading(path):
        facts = json.loads(path.read_text(encoding="utf-8"))
        places = tuple(PlaceStatus(**place) for place in facts.get("places", ()))
        return Status(**facts | {"latest": tuple(facts["latest"]), "places": places})
