"""Every number of a note. The words come later and only repeat these."""

from dataclasses import dataclass

from agent.comparison import AVERAGE, Comparison, estimate
from agent.effects import Effect, effects
from agent.history import History, card_of
from agent.record import BASELINE, Run

HALF_WIDTH = 1.96  # standard errors on both sides of a score that hold 95 percent
LEAST_WIDTH = 0.005  # a prediction that is nearer than this is right, however small the noise
MEMORIZE = "Memorize"


@dataclass(frozen=True)
class Outcome:
    """A task's predicted score beside the measured one."""

    task: str
    predicted: float
    measured: float
    error: float  # standard error of the measured score
    change: float  # predicted, against the parent
    comparison: Comparison | None  # measured, against the parent

    @property
    def miss(self) -> float:
        return self.measured - self.predicted

    @property
    def hit(self) -> bool:
        """Whether the prediction lies within the noise of the score, both ways 95 percent wide."""
        return abs(self.miss) <= max(LEAST_WIDTH, HALF_WIDTH * self.error)

    @property
    def direction(self) -> bool | None:
        """Whether the change went the predicted way; None where none was predicted or none is seen beyond the noise."""
        if self.comparison is None or self.comparison.verdict == "indistinguishable" or abs(self.change) < LEAST_WIDTH:
            return None
        return (self.comparison.difference > 0) == (self.change > 0)


@dataclass(frozen=True)
class Calibration:
    """How good the predictions were over some runs: hits, of how many, and the mean of measured minus predicted."""

    hits: int
    count: int
    bias: float


@dataclass(frozen=True)
class Facts:
    """What is known of a finished run, and of all before it."""

    run: Run
    baseline: Run | None
    parent: Run | None
    best_before: Run | None
    against_baseline: dict[str, Comparison]
    against_parent: dict[str, Comparison]
    outcomes: tuple[Outcome, ...]
    calibration: dict[str, Calibration]  # by task and "average": over every prediction
    effects: dict[str, Effect]  # of every measured move, on the average
    rank: int  # 1 is the best of the scored runs; 0 without a score
    scored: int
    new_best: bool  # above all before it by more than the noise
    siblings: tuple[Run, ...]  # what else was tried from the same parent
    similar_failures: tuple[Run, ...]

    @property
    def without_memorize(self) -> float | None:
        """The difference of the average against the template that is left without Memorize."""
        others = [found.difference for task, found in self.against_baseline.items() if task not in (AVERAGE, MEMORIZE)]
        return sum(others) / (len(others) + 1) if others else None


def gather(history: History, run: Run) -> Facts:
    """The facts of a run that is evaluated or failed."""
    baseline = history.baseline if history.baseline and history.baseline.id != run.id else None
    parent = history.find(run.proposal.parents[0]) if run.proposal.parents else None
    before = [other for other in history.scored if other.id != run.id]
    best = max(before, key=lambda other: card_of(other).average, default=None)
    averages = [card_of(other).average for other in before]
    return Facts(
        run=run,
        baseline=baseline,
        parent=parent,
        best_before=best,
        against_baseline=history.compare(run, baseline) if run.scored and baseline else {},
        against_parent=history.compare(run, parent) if run.scored and parent else {},
        outcomes=outcomes_of(history, run),
        calibration=calibrate(history),
        effects={
            name: by_task[AVERAGE] for name, by_task in effects(history, {}).items() if by_task[AVERAGE].runs
        },
        rank=1 + sum(average > card_of(run).average for average in averages) if run.scored else 0,
        scored=len(before) + run.scored,
        new_best=bool(run.scored and best and history.compare(run, best)[AVERAGE].verdict == "better"),
        siblings=tuple(
            other for other in history.runs
            if parent and parent.name in other.proposal.parents and other.id != run.id
        ),
        similar_failures=tuple(
            other for other in history.failed
            if run.failure and other.failure and other.id != run.id and other.failure.kind == run.failure.kind
        ),
    )  # fmt: skip


def outcomes_of(history: History, run: Run) -> tuple[Outcome, ...]:
    """The predictions of a scored run beside what came of them."""
    if not run.scored:
        return ()
    card = card_of(run)
    parent = history.find(run.proposal.parents[0]) if run.proposal.parents else None
    compared = history.compare(run, parent) if parent else {}
    return tuple(
        Outcome(
            task,
            predicted,
            card.tasks[task].mean,
            estimate(card.tasks[task], history.noise).error,
            predicted - card_of(parent).tasks[task].mean if parent else 0.0,
            compared.get(task),
        )
        for task, predicted in run.proposal.predicted.items()
        if task in card.tasks
    )


def calibrate(history: History) -> dict[str, Calibration]:
    """Hits and bias by task, and over all tasks under "average". What a person edited is not what was predicted."""
    predicted = [run for run in history.scored if run.proposal.author != BASELINE and not run.proposal.editor]
    found = [outcome for run in predicted for outcome in outcomes_of(history, run)]
    tasks = list(dict.fromkeys(outcome.task for outcome in found))
    groups = {task: [outcome for outcome in found if outcome.task == task] for task in tasks}
    if found:
        groups[AVERAGE] = found
    return {
        name: Calibration(sum(o.hit for o in group), len(group), sum(o.miss for o in group) / len(group))
        for name, group in groups.items()
    }
