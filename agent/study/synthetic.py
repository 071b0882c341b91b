"""Scores without any training: a variant of a known effect under a known noise, as a protocol's measurements have it.

What a night concludes can then be laid beside what is true. A seed of a setting has a part that all variants share and
one of each variant's own; how much is shared is taken from one of the known variants, drawn for each made-up one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from statistics import NormalDist, fmean, pstdev, stdev
from typing import Literal

from agent.core.baselines import BASELINES, TEMPLATE
from agent.core.errors import UsageError
from agent.core.resources import MEASURED
from agent.core.score import ScoreCard, SeedScore, Speed, TaskScore
from agent.evaluator.protocol import Protocol
from agent.science.noise import read_noise
from agent.science.setting_noise import Noise
from agent.study.cells import one_seed_scores, seed_differences
from agent.study.pieces import settings_of
from agent.study.rows import Row, Table

Shape = Literal["gaussian", "measured"]
SHAPED_LIKE = "Memorize"  # its scores lie in two humps, most in the lower
STEPS = 400  # at which a measured shape is looked at to centre and scale it
MOST_SHARED = 0.999
TEST_SEED = 1


@dataclass(frozen=True)
class Synthetic:
    """An evaluator of made-up variants under a protocol whose noise and known variants are measured.

    `seed` draws everything: the same variant has the same scores again.
    """

    protocol: Protocol
    noise: Mapping[str, Noise]
    levels: Mapping[str, float]  # setting -> the template's mean score
    shared: tuple[Mapping[str, float], ...]  # of each known variant: setting -> correlation with the template
    humps: tuple[float, ...]  # the scores of SHAPED_LIKE, sorted
    shape: Shape
    seed: int

    def card(self, name: str, effect: float | Mapping[str, float], protocol: Protocol | None = None) -> ScoreCard:
        """The scores of a variant that lies `effect` above the template: on every task, or on each by its own."""
        protocol = protocol or self.protocol
        by_task = effect if isinstance(effect, Mapping) else {}
        others = fmean(by_task.values()) if isinstance(effect, Mapping) else effect  # tasks that are no column, too
        shared = Random(f"{self.seed} {name} shared").choice(self.shared) if name != TEMPLATE else None
        grids = dict.fromkeys(replica.grid for replica in protocol.replicas())
        scores = [
            self._score(
                name,
                by_task.get(setting.task, others),
                setting.task,
                setting.label,
                seed,
                shared[setting.label] if shared else 1.0,
            )
            for setting, seed in grids
        ]
        tasks, further = (
            {task: TaskScore(task, tuple(s for s in scores if s.task == task)) for task in named}
            for named in (protocol.tasks, protocol.further)
        )
        speed, fingerprint = Speed(1.0, 1.0), self.protocol.fingerprint
        return ScoreCard(
            protocol.name, fingerprint, tasks, 1, 1, speed, "cpu", {}, TEST_SEED, seconds=60.0, further=further
        )

    def _score(self, name: str, effect: float, task: str, setting: str, seed: int, shared: float) -> SeedScore:
        common = Random(f"{self.seed} {setting} {seed}").gauss(0, 1)
        own = Random(f"{self.seed} {setting} {seed} {name}").gauss(0, 1)
        drawn = self.shaped(shared * common + math.sqrt(1 - shared**2) * own)
        macro = self.levels[setting] + effect + self.noise[setting].std * drawn
        return SeedScore(task, setting, seed, macro, macro, macro, 2e-3, 0.0, "finished", 1, 1)

    def shaped(self, normal: float) -> float:
        """A standard normal number as one of mean 0 and variance 1 that is distributed as the shape has it."""
        if self.shape == "gaussian":
            return normal
        centre, spread = self._moments
        return (_quantile(self.humps, NormalDist().cdf(normal)) - centre) / spread

    @cached_property
    def _moments(self) -> tuple[float, float]:
        values = [_quantile(self.humps, (step + 0.5) / STEPS) for step in range(STEPS)]
        return fmean(values), pstdev(values)

    def another(self, seed: int) -> "Synthetic":
        """The same under other draws."""
        return replace(self, seed=seed)


def synthetic(protocol: Protocol, shape: Shape = "measured", seed: int = 0) -> Synthetic:
    """The synthetic evaluator of a protocol; UsageError where its noise was never measured."""
    noise = read_noise(protocol.fingerprint)
    if not noise:
        raise UsageError(f"the noise of {protocol.name} was never measured: python -m agent.study noise")
    rows = Table(MEASURED / f"{protocol.name}.csv").rows()
    scores = one_seed_scores(protocol, rows)
    levels = {setting: fmean(values) for setting, values in scores.items()}
    humps = next(values for setting, values in scores.items() if setting.startswith(SHAPED_LIKE))
    return Synthetic(protocol, noise, levels, _shared(protocol, rows, noise), tuple(sorted(humps)), shape, seed)


def _shared(protocol: Protocol, rows: Sequence[Row], noise: Mapping[str, Noise]) -> tuple[Mapping[str, float], ...]:
    """Each known variant's correlation with the template by setting, from the spread of their differences.

    A difference of two scores of variance s^2 and correlation r has the variance 2 s^2 (1 - r).
    """
    variants: list[dict[str, float]] = []
    differences = seed_differences(protocol, rows, BASELINES)
    for setting in (setting.label for setting in settings_of(protocol) if setting.label in differences):
        for number, values in enumerate(differences[setting]):
            while len(variants) <= number:
                variants.append({})
            variants[number][setting] = correlation(values, noise[setting].std)
    return tuple(variants)


def correlation(differences: Sequence[float], std: float) -> float:
    """Of two variants' scores of this standard deviation, by their seed-wise differences."""
    apart = stdev(differences) ** 2 / (2 * std**2)
    return min(MOST_SHARED, max(0.0, 1.0 - apart))


def _quantile(values: Sequence[float], share: float) -> float:
    """Of sorted values, in straight lines between them."""
    place = share * (len(values) - 1)
    below = min(int(place), len(values) - 2)
    return values[below] + (place - below) * (values[below + 1] - values[below])
