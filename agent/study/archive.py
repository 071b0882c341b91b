"""A synthetic evaluator with the noise of `quick` as it was measured in edition 2, whatever was measured since.

Simulated nights compare ways to search, and their table must not change because a setting of a protocol did. So the
rows of the twelve known variants in that edition, and their noise, are kept in baselines/measured/quick_edition_2.csv
and quick_edition_2_noise.csv. A task of today's `quick` has the template's level, the noise and the shared seeds that
its task had then, and as many seeds as it has now.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.core.baselines import TEMPLATE
from agent.core.resources import MEASURED
from agent.evaluator.protocols import QUICK
from agent.science.noise import noise_rows, read_noise
from agent.science.setting_noise import Noise
from agent.study.rows import Table
from agent.study.synthetic import SHAPED_LIKE, Shape, Synthetic, correlation

ARCHIVE, NOISE = MEASURED / "quick_edition_2.csv", MEASURED / "quick_edition_2_noise.csv"
EDITION_2 = "994132e1b708"  # the fingerprint of quick then


@dataclass(frozen=True)
class Archived:
    """One task of edition 2: the template's level and noise over ten seeds, and scores by variant and seed."""

    level: float
    noise: Noise
    scores: Mapping[str, Mapping[int, float]]

    def shared(self, variant: str) -> float:
        """The correlation of a variant's scores with the template's."""
        theirs = self.scores[TEMPLATE]
        differences = [score - theirs[seed] for seed, score in self.scores[variant].items() if seed in theirs]
        return correlation(differences, self.noise.std)


def quick_of_edition_2(shape: Shape = "measured", seed: int = 0) -> Synthetic:
    """The evaluator of made-up variants under the archived noise."""
    tasks = _tasks()
    protocol = QUICK.only(tuple(tasks))
    of = {setting.label: tasks[setting.task] for plan in protocol.plans for setting in plan.settings}
    variants = [name for name in next(iter(tasks.values())).scores if name != TEMPLATE]
    return Synthetic(
        protocol,
        noise={label: archived.noise for label, archived in of.items()},
        levels={label: archived.level for label, archived in of.items()},
        shared=tuple({label: archived.shared(name) for label, archived in of.items()} for name in variants),
        humps=tuple(sorted(tasks[SHAPED_LIKE].scores[TEMPLATE].values())),
        shape=shape,
        seed=seed,
    )


def _tasks() -> dict[str, Archived]:
    scores: dict[str, dict[str, dict[int, float]]] = {}
    labels = {}
    for row in Table(ARCHIVE).rows():
        if row.score is not None:
            labels[row.task] = row.setting
            scores.setdefault(row.task, {}).setdefault(row.variant, {})[row.seed] = row.score.macro
    noise = read_noise(EDITION_2)
    levels = {row["setting"]: float(row["mean"]) for row in noise_rows(NOISE, EDITION_2)}
    return {task: Archived(levels[label], noise[label], scores[task]) for task, label in labels.items()}
