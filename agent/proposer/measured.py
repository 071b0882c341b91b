"""What was measured beforehand and ships with the project: rows of baselines/measured under a run's protocol."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean

from agent.core.baselines import BASELINES, TEMPLATE, baseline_path
from agent.core.resources import MEASURED
from agent.core.score import SeedScore, TaskScore, read_longer
from agent.evaluator.protocol import Protocol
from agent.science.comparison import Comparison, difference
from agent.science.estimate import AVERAGE, Estimate, average, estimate
from agent.science.setting_noise import Noise


@dataclass(frozen=True)
class MeasuredVariant:
    """A known variant with the tasks of which every setting has a score on the protocol's own seeds.

    `further` are those that are no column of the table; `test_seed` drew what it was tested on.
    """

    name: str
    tasks: Mapping[str, TaskScore]
    noise: Mapping[str, Noise]
    further: Mapping[str, TaskScore] = field(default_factory=dict)
    test_seed: int = 0

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """Each task, and "average" over those that there are."""
        found = {task: estimate(score, self.noise) for task, score in self.tasks.items()}
        return found | {AVERAGE: average(list(found.values()))}

    @property
    def average(self) -> float:
        return fmean(score.mean for score in self.tasks.values())

    def against(self, other: "MeasuredVariant") -> dict[str, Comparison]:
        """How it stands against another that has the same tasks; empty where it has not."""
        if self.tasks.keys() != other.tasks.keys():
            return {}
        return {task: difference(mine, other.estimates[task]) for task, mine in self.estimates.items()}


def measured_variants(protocol: Protocol, noise: Mapping[str, Noise]) -> dict[str, MeasuredVariant]:
    """Name -> what is shipped of a variant under this protocol, the best average first; empty where nothing is."""
    path = MEASURED / f"{protocol.name}.csv"
    if not path.exists():
        return {}
    wanted = {
        (protocol.setting_fingerprint(setting), seed): setting
        for plan in protocol.plans
        for setting in plan.settings
        for seed in plan.seed_numbers
    }
    scores: dict[str, dict[str, list[SeedScore]]] = {}
    test_seeds: dict[str, int] = {}
    with path.open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            if (row["fingerprint"], int(row["seed"])) in wanted and row["macro"]:
                scores.setdefault(row["variant"], {}).setdefault(row["task"], []).append(_score(row))
                test_seeds[row["variant"]] = int(row["test_seed"])
    every = (*protocol.tasks, *protocol.further)
    settings = {task: {setting.label for setting in wanted.values() if setting.task == task} for task in every}
    found = []
    for name, by_task in scores.items():
        scored = {task: TaskScore(task, tuple(by_task.get(task, ()))) for task in every}
        whole = {task: score for task, score in scored.items() if score.by_setting.keys() == settings[task]}
        tasks = {task: score for task, score in whole.items() if task in protocol.tasks}
        further = {task: score for task, score in whole.items() if task in protocol.further}
        if tasks:
            found.append(MeasuredVariant(name, tasks, noise, further, test_seeds[name]))
    return {each.name: each for each in sorted(found, key=lambda each: each.average, reverse=True)}


def template_of(measured: Mapping[str, MeasuredVariant]) -> MeasuredVariant | None:
    """The template's measured row; None where it has none."""
    return measured.get(TEMPLATE)


def file_name(variant: str) -> str:
    """The name of a known variant's file without .py, as its row may be called either way."""
    return baseline_path(variant).stem if variant in BASELINES else variant


def _score(row: Mapping[str, str]) -> SeedScore:
    return SeedScore(
        row["task"], row["setting"], int(row["seed"]), float(row["macro"]), float(row["micro"]),
        float(row["macro_last"]), float(row["learning_rate"]), float(row["weight_decay"]), row["ending"],
        int(row["best_step"]), int(row["steps"]), longer=read_longer(row.get("longer") or ""),
    )  # fmt: skip
