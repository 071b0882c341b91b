"""The data of a variant's scores: each task beside what was predicted, and each difficulty setting."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, stdev

from agent.core.run import Run
from agent.report.standing import Standing
from agent.science.calibration import outcomes_of
from agent.science.comparison import Comparison
from agent.science.estimate import AVERAGE, Estimate
from agent.science.history import History, card_of


@dataclass(frozen=True)
class TaskLine:
    """A task, or "average": what was predicted and what was measured, beside the template and the parent."""

    task: str
    measured: Estimate
    predicted: float | None
    hit: bool | None
    template: Estimate | None
    against_template: Comparison | None
    against_parent: Comparison | None


@dataclass(frozen=True)
class SettingLine:
    """A difficulty setting: its seeds' scores, their mean and standard deviation, the template's mean, its training."""

    task: str
    setting: str  # without the name of the task
    scores: tuple[float, ...]
    template: float | None
    endings: tuple[str, ...]
    learning_rates: tuple[float, ...]

    @property
    def mean(self) -> float:
        return fmean(self.scores)

    @property
    def deviation(self) -> float | None:
        return stdev(self.scores) if len(self.scores) > 1 else None


def task_lines(history: History, standing: Standing, template: Standing | None) -> tuple[TaskLine, ...]:
    """Every task and the average of a scored run; nothing for one without scores."""
    run = standing.run
    if not run.scored:
        return ()
    parent = history.parent(run.proposal)
    against_parent = history.compare(run, parent) if parent else {}
    outcomes = {outcome.task: outcome for outcome in outcomes_of(history, run)}
    predicted: Mapping[str, float] = {task: outcome.predicted for task, outcome in outcomes.items()}
    if len(predicted) == len(standing.estimates) - 1:
        predicted = {**predicted, AVERAGE: fmean(predicted.values())}
    return tuple(
        TaskLine(
            task,
            measured,
            predicted.get(task),
            outcomes[task].hit if task in outcomes else None,
            template.estimates.get(task) if template else None,
            standing.against.get(task),
            against_parent.get(task),
        )
        for task, measured in standing.estimates.items()
    )


def setting_lines(run: Run, template: Run | None) -> tuple[SettingLine, ...]:
    """Every difficulty setting of a scored run, in the order of the protocol."""
    known = {
        setting: fmean(scores)
        for task in (card_of(template).tasks.values() if template and template.scored else ())
        for setting, scores in task.by_setting.items()
    }
    lines = []
    for task in card_of(run).tasks.values():
        for setting, scores in task.by_setting.items():
            seeds = [seed for seed in task.seeds if seed.setting == setting]
            lines.append(
                SettingLine(
                    task.task,
                    setting.removeprefix(task.task).strip(),
                    tuple(scores),
                    known.get(setting),
                    tuple(dict.fromkeys(seed.ending for seed in seeds)),
                    tuple(dict.fromkeys(seed.learning_rate for seed in seeds)),
                )
            )
    return tuple(lines)
