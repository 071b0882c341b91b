"""Every number of a note. The words come later and only repeat these."""

import math
from dataclasses import dataclass
from statistics import fmean

from agent.core.run import Run
from agent.core.text import Text
from agent.evaluator.tasks import TASKS
from agent.science.calibration import Calibration, Outcome, calibrate, outcomes_of
from agent.science.comparison import Comparison, resolution
from agent.science.effects import Effect, measured_effects, moves_within
from agent.science.estimate import AVERAGE
from agent.science.history import History
from agent.science.learning import learning_line
from agent.science.mechanisms.holding import mechanisms_of
from agent.science.objective import Judgement

# A gain on these may come from initialisation or smoothing and not from a better memory.
LOCAL = tuple(task.name for task in TASKS if task.local)


@dataclass(frozen=True)
class Interplay:
    """What several moves do together beside the sum of what each does by the other runs, on the average."""

    expected: float
    measured: float
    needed: float  # how far apart both must lie to be told apart

    @property
    def surplus(self) -> float:
        return self.measured - self.expected

    @property
    def certain(self) -> bool:
        """Whether they differ with 95 percent."""
        return abs(self.surplus) > self.needed


@dataclass(frozen=True)
class Facts:
    """What is known of a finished run, and of all before it."""

    run: Run
    baseline: Run | None
    parent: Run | None
    best_before: Run | None
    against_baseline: dict[str, Comparison]
    against_parent: dict[str, Comparison]
    judged_baseline: Judgement | None  # how it stands by the objective of the search; None without the other
    judged_parent: Judgement | None
    outcomes: tuple[Outcome, ...]
    calibration: dict[str, Calibration]  # by task and "average": over every prediction
    effects: dict[str, Effect]  # of every measured move, on the average
    rank: int  # 1 is the best of the scored runs by the objective; 0 without a score
    scored: int
    new_best: bool  # better than the best before it, by the objective of the search
    siblings: tuple[Run, ...]  # what else was tried from the same parent, not what was rejected or waits
    similar_failures: tuple[Run, ...]
    resolution: float  # how far two averages must lie apart; infinite where the noise is not known
    interplay: Interplay | None  # of two moves and more, each of them in another run too
    leaders: dict[str, Run]  # by task: the best of those that are ahead of the run beyond the noise
    held: frozenset[str]  # moves that it holds, and moves whose mechanisms are all found in its code
    learning: Text  # how it came to its scores, task by task; nothing without a score

    def without(self, apart: str) -> float | None:
        """How far the average of all tasks but one differs from the template's."""
        others = [found.difference for task, found in self.against_baseline.items() if task not in (AVERAGE, apart)]
        return fmean(others) if others else None


def gather(history: History, run: Run) -> Facts:
    """The facts of a run that is evaluated, failed or was stopped."""
    baseline = history.baseline if history.baseline and history.baseline.id != run.id else None
    parent = history.parent(run.proposal)
    before = [other for other in history.scored if other.id != run.id]
    best = max(before, key=history.place, default=None)
    higher = [other for other in before if run.scored and history.place(other) > history.place(run)]
    return Facts(
        run=run,
        baseline=baseline,
        parent=parent,
        best_before=best,
        against_baseline=history.compare(run, baseline) if run.scored and baseline else {},
        against_parent=history.compare(run, parent) if run.scored and parent else {},
        judged_baseline=history.judge(run, baseline) if run.scored and baseline else None,
        judged_parent=history.judge(run, parent) if run.scored and parent else None,
        outcomes=outcomes_of(history, run),
        calibration=calibrate(history),
        effects={name: by_task[AVERAGE] for name, by_task in measured_effects(history).items()},
        rank=1 + len(higher) if run.scored else 0,
        scored=len(before) + run.scored,
        new_best=bool(run.scored and best and history.judge(run, best).verdict == "better"),
        siblings=tuple(other for other in history.tried_from(parent.name) if other.id != run.id) if parent else (),
        similar_failures=tuple(
            other for other in history.failed
            if run.failure and other.failure and other.id != run.id and other.failure.kind == run.failure.kind
        ),
        resolution=_resolution(history, run, baseline),
        interplay=_interplay(history, run, baseline),
        leaders=history.leaders(run) if run.scored else {},
        held=frozenset(run.proposal.moves) | moves_within(history, mechanisms_of(run.proposal)),
        learning=learning_line(run, history.noise),
    )  # fmt: skip


def _resolution(history: History, run: Run, baseline: Run | None) -> float:
    """How far the average must lie from the template's to be told from it, or from that of another score like it."""
    if not run.scored:
        return math.inf
    return history.compare(run, baseline)[AVERAGE].needed if baseline else resolution(history.estimates(run)[AVERAGE])


def _interplay(history: History, run: Run, baseline: Run | None) -> Interplay | None:
    moves = run.proposal.moves
    if baseline is None or not run.scored or len(moves) < 2 or history.root(run) != baseline:
        return None
    others = History(tuple(other for other in history.runs if other.id != run.id), history.noise, history.memory)
    known = {name: by_task[AVERAGE] for name, by_task in measured_effects(others).items()}
    found = history.compare(run, baseline)[AVERAGE]
    if not known.keys() >= {*moves} or not found.freedom or not all(known[name].freedom for name in moves):
        return None
    needed = math.hypot(found.needed, *(known[name].half_width for name in moves))
    return Interplay(sum(known[name].mean for name in moves), found.difference, needed)
