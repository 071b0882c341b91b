"""One task of one known variant: what is measured of it, and how that stands to its known score."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from agent.core.baselines import TEMPLATE, reference_scores
from agent.core.score import TaskScore
from agent.evaluator.protocol import Protocol
from agent.evaluator.tasks.task import Setting
from agent.science.comparison import AVERAGE, Comparison, Estimate, Noise, difference, estimate
from agent.science.noise import read_noise
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
        """What is measured so far; a seed that diverged has no score."""
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


def task_scores(protocol: Protocol, rows: Sequence[Row]) -> pd.DataFrame:
    """Variant x task: our scores in the tasks that every variant with a score has, and their average if those are all.

    Further seeds, from which the noise is told, are left out: each variant is scored on the protocol's own.
    """
    scores: dict[str, dict[str, float]] = {}
    for cell in cells_of(protocol, _on_its_seeds(protocol, rows)):
        if cell.measured:
            scores.setdefault(cell.variant, {})[cell.task] = cell.score.mean
    frame = pd.DataFrame.from_dict(scores, orient="index", columns=list(protocol.tasks), dtype=float)
    frame[AVERAGE] = frame.mean(axis=1, skipna=False)
    return frame.dropna(axis=1)


def one_seed_scores(protocol: Protocol, rows: Sequence[Row]) -> dict[str, list[float]]:
    """Setting -> the scores of the template on the seeds of this protocol that have one."""
    scores: dict[str, list[float]] = {setting.label: [] for setting in settings_of(protocol)}
    for cell in cells_of(protocol, _on_its_seeds(protocol, rows)):
        if cell.variant == TEMPLATE:
            scores |= cell.score.by_setting
    return scores


def seed_differences(protocol: Protocol, rows: Sequence[Row]) -> dict[str, list[list[float]]]:
    """Setting -> of each variant but the template, its differences to the template on the seeds that both have."""
    found: dict[str, dict[str, dict[int, float]]] = {setting.label: {} for setting in settings_of(protocol)}
    for cell in cells_of(protocol, _on_its_seeds(protocol, rows)):
        for seed in cell.score.seeds:
            found[seed.setting].setdefault(cell.variant, {})[seed.seed] = seed.macro
    return {
        setting: [
            [score - variants[TEMPLATE][seed] for seed, score in scores.items() if seed in variants[TEMPLATE]]
            for name, scores in variants.items()
            if name != TEMPLATE and TEMPLATE in variants
        ]
        for setting, variants in found.items()
    }


def _on_its_seeds(protocol: Protocol, rows: Sequence[Row]) -> list[Row]:
    grids = {(replica.setting.label, replica.seed) for replica in protocol.replicas()}
    return [row for row in rows if (row.setting, row.seed) in grids]
