"""One task of one known variant: what is measured of it, and how that stands to its known score."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import pandas as pd

from agent.core.baselines import TEMPLATE, reference_scores
from agent.core.score import TaskScore
from agent.evaluator.protocol import Protocol
from agent.evaluator.tasks.task import Setting
from agent.science.comparison import Comparison, difference
from agent.science.estimate import AVERAGE, Estimate, estimate
from agent.science.measure import MACRO, Measure, longer_scores
from agent.science.noise import read_noise
from agent.science.setting_noise import Noise
from agent.study.pieces import settings_of
from agent.study.rows import Row


@dataclass(frozen=True)
class Cell:
    """A cell of the table of known scores, and our rows that belong to it."""

    variant: str
    task: str
    known: float
    settings: tuple[Setting, ...]  # all that the task has
    rows: tuple[Row, ...]
    noise: dict[str, Noise]

    @property
    def score(self) -> TaskScore:
        """What is measured so far; a seed that diverged at once has no score."""
        return TaskScore(self.task, tuple(row.score for row in self.rows if row.score))

    @property
    def measured(self) -> bool:
        """Whether every setting of the task has a score. Only then is the mean over them a score of the task."""
        return self.score.by_setting.keys() == {setting.label for setting in self.settings}

    @property
    def ours(self) -> Estimate:
        """The score and its standard error, infinite where a setting has one seed and no measured noise."""
        return estimate(self.score, self.noise)

    @property
    def against_known(self) -> Comparison:
        """Ours less the known score. That one is taken to be of one seed a setting, each as noisy as one of ours."""
        shares = []
        settings = self.score.by_setting
        for setting, scores in settings.items():
            alone = replace(self.score, seeds=tuple(seed for seed in self.score.seeds if seed.setting == setting))
            for share in estimate(alone, self.noise).shares:
                both = share.variance * (1 + len(scores))  # of our mean, and of a single seed
                shares.append(replace(share, variance=both / len(settings) ** 2))
        return difference(Estimate(self.ours.mean, tuple(shares)), Estimate(self.known, ()))


def cells_of(protocol: Protocol, rows: Sequence[Row]) -> list[Cell]:
    """Every cell of the table of known scores, with the rows that this protocol as it now is would measure again."""
    prints = {setting.label: protocol.setting_fingerprint(setting) for setting in settings_of(protocol)}
    current = [row for row in rows if prints.get(row.setting) == row.fingerprint]
    noise = read_noise(protocol.fingerprint)
    return [
        Cell(
            variant,
            task,
            known,
            tuple(setting for setting in settings_of(protocol) if setting.task == task),
            tuple(row for row in current if (row.variant, row.task) == (variant, task)),
            noise,
        )
        for variant, scores in reference_scores().items()
        for task, known in scores.items()
    ]


def task_scores(protocol: Protocol, rows: Sequence[Row], variants: Sequence[str]) -> pd.DataFrame:
    """Variant x task: our scores in the tasks that each of these variants with a score has, and their average if those
    are all.

    Further seeds, from which the noise is told, are left out: each variant is scored on the protocol's own.
    """
    settings = {task: {s.label for s in settings_of(protocol) if s.task == task} for task in protocol.tasks}
    scores: dict[str, dict[str, float]] = {}
    for variant in variants:
        mine = [row for row in scored_rows(protocol, rows) if row.variant == variant]
        for task, wanted in settings.items():
            score = TaskScore(task, tuple(row.score for row in mine if row.score and row.task == task))
            if score.by_setting.keys() == wanted:
                scores.setdefault(variant, {})[task] = score.mean
    frame = pd.DataFrame.from_dict(scores, orient="index", columns=list(protocol.tasks), dtype=float)
    frame[AVERAGE] = frame.mean(axis=1, skipna=False)
    return frame.dropna(axis=1)


def scored_rows(protocol: Protocol, rows: Sequence[Row]) -> list[Row]:
    """The rows with a score that this protocol as it now is would measure again, on its own seeds."""
    prints = {setting.label: protocol.setting_fingerprint(setting) for setting in settings_of(protocol)}
    grids = {(replica.setting.label, replica.seed) for replica in protocol.replicas()}
    return [
        row
        for row in rows
        if row.score and prints.get(row.setting) == row.fingerprint and (row.setting, row.seed) in grids
    ]


# Variant -> setting -> seed -> a number that was reached.
Reached = dict[str, dict[str, dict[int, float]]]


def reached(protocol: Protocol, rows: Sequence[Row], measure: Measure) -> Reached:
    """What each variant reached, at home and, as "LABEL at 8 times", on longer sequences."""
    found: Reached = {}
    for row in scored_rows(protocol, rows):
        assert row.score is not None
        home = TaskScore(row.task, (row.score,))
        for seed in chain(home.seeds, *(longer.seeds for longer in longer_scores(home).values())):
            found.setdefault(row.variant, {}).setdefault(seed.setting, {})[seed.seed] = measure.of(seed)
    return found


def one_seed_scores(protocol: Protocol, rows: Sequence[Row], measure: Measure = MACRO) -> dict[str, list[float]]:
    """Setting -> the scores of the template on the seeds of this protocol that have one; of each setting of it."""
    template = reached(protocol, rows, measure).get(TEMPLATE, {})
    settings = [setting.label for setting in settings_of(protocol)]
    further = [setting for setting in template if setting not in settings]
    return {setting: list(template.get(setting, {}).values()) for setting in (*settings, *further)}


def seed_differences(
    protocol: Protocol, rows: Sequence[Row], variants: Sequence[str], measure: Measure = MACRO
) -> dict[str, list[list[float]]]:
    """Setting -> of each of these variants but the template, its differences to it on the seeds that both have."""
    found = reached(protocol, rows, measure)
    template = found.get(TEMPLATE, {})
    others = [found[name] for name in variants if name in found and name != TEMPLATE]
    return {
        setting: [
            [score - scores[seed] for seed, score in other.get(setting, {}).items() if seed in scores]
            for other in others
        ]
        for setting, scores in template.items()
    }
