"""How often the objective tells equals apart, in made-up worlds that measure their noise as this project does.

A world has a template on NOISE_SEEDS seeds and KNOWN variants beside it, from which its noise and the usual spread of
differences follow, with all the error that so few have. Then variants are judged that are exactly as good as the
template. Of what was really measured only the size of each setting's scatter enters. So nothing that was chosen after a
look at the measured scores makes its own rate look right.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from statistics import NormalDist, stdev
from typing import Literal

from agent.core.baselines import BASELINES, TEMPLATE
from agent.core.score import MEMORY_TASKS, LongerTest, ScoreCard, SeedScore, Speed, TaskScore
from agent.evaluator.protocol import Protocol
from agent.evaluator.tasks.task import Setting
from agent.science.comparison import compare
from agent.science.measure import LOG_ODDS, MACRO, Measure, longer_scores
from agent.science.noise import paired_noise, read_noise
from agent.science.objective import AT_LENGTH, DEFAULT, LENGTH, Judgement, judge
from agent.science.setting_noise import Noise

NOISE_SEEDS = 10
KNOWN = len(BASELINES) - 1
SHARES = (0.3, 0.99)  # between which a variant's luck is the template's, where seeds are worth pairing
NORMAL = NormalDist()
LOW_HUMP, HIGH_HUMP, HUMP_STD = 0.75, 2.2, 0.4  # the share of the lower one; how far the upper is; of each

Shape = Literal["gaussian", "two humps"]
Pairs = Literal["shared", "apart"]


@dataclass(frozen=True)
class Luck:
    """How a seed's luck is distributed, whether two variants share it, and how far both lengths of a test do."""

    shape: Shape
    pairs: Pairs
    lengths: float  # the correlation of a seed's luck at home and at LENGTH times it, from 0 to 1

    def shaped(self, normal: float) -> float:
        """A standard normal number as one of mean 0 and variance 1 of this shape."""
        if self.shape == "gaussian":
            return normal
        at = min(max(NORMAL.cdf(normal), 1e-9), 1 - 1e-9)
        mean = (1 - LOW_HUMP) * HIGH_HUMP
        spread = math.sqrt(HUMP_STD**2 + LOW_HUMP * (1 - LOW_HUMP) * HIGH_HUMP**2)
        low = at < LOW_HUMP
        within = at / LOW_HUMP if low else (at - LOW_HUMP) / (1 - LOW_HUMP)
        return ((0.0 if low else HIGH_HUMP) + HUMP_STD * NORMAL.inv_cdf(within) - mean) / spread


WHAT = ("objective", "memory", "learnability", "average")
HEADINGS = ["luck", "pairs", "both lengths", *WHAT, "called better", "a task lost"]
LUCKS: tuple[Luck, ...] = tuple(
    Luck(shape, pairs, lengths)
    for shape in ("gaussian", "two humps")
    for pairs in ("shared", "apart")
    for lengths in (0.0, 0.5, 1.0)
)


@dataclass(frozen=True)
class World:
    """One made-up world; `number` draws everything in it."""

    protocol: Protocol
    luck: Luck
    number: int

    def judgements(self, count: int) -> Iterator[Judgement]:
        """How so many variants stand that are as good as the template in everything."""
        template = self.card(TEMPLATE)
        for index in range(count):
            card = self.card(f"equal {index}")
            yield judge(card, template, self.noise, DEFAULT, compare(card, template, self.noise))

    @cached_property
    def fingerprint(self) -> str:
        """The protocol's, which takes a while to count."""
        return self.protocol.fingerprint

    @cached_property
    def scatter(self) -> Mapping[str, float]:
        """The standard deviation of a seed's log-odds in each setting, and at LENGTH times it where that is tested."""
        measured = read_noise(self.fingerprint)
        return {setting: _scatter(noise.of(LOG_ODDS)) for setting, noise in measured.items()}

    @cached_property
    def noise(self) -> Mapping[str, Noise]:
        """What this world's own template and known variants show of the noise."""
        template = self.card(TEMPLATE, NOISE_SEEDS)
        known = [self.card(f"known {index}") for index in range(KNOWN)]
        macro, odds = (_noise(template, known, measure) for measure in (MACRO, LOG_ODDS))
        return {
            setting: Noise(each.std, each.seeds, each.paired, log_odds=odds[setting]) for setting, each in macro.items()
        }

    def card(self, name: str, seeds: int | None = None) -> ScoreCard:
        """A variant's scores, on the protocol's seeds or on so many of each setting."""
        found: dict[str, list[SeedScore]] = {}
        for plan in self.protocol.plans:
            for setting in plan.settings:
                found.setdefault(setting.task, []).extend(
                    self._seed(name, setting, seed) for seed in range(seeds or plan.seeds)
                )
        tasks = {task: TaskScore(task, tuple(scores)) for task, scores in found.items()}
        own = {task: score for task, score in tasks.items() if task in self.protocol.tasks}
        further = {task: score for task, score in tasks.items() if task not in own}
        return ScoreCard(
            self.protocol.name, self.fingerprint, own, 1, 1, Speed(1.0, 1.0), "cpu", {}, 1, 1.0,
            further=further,
        )  # fmt: skip

    def _seed(self, name: str, setting: Setting, seed: int) -> SeedScore:
        label = setting.label
        longer: tuple[LongerTest, ...] = ()
        home = self._luck(name, label, seed, "home")
        fraction = _fraction(self.scatter[label] * self.luck.shaped(home))
        if setting.task in MEMORY_TASKS and (far := label + AT_LENGTH) in self.scatter:
            apart = self._luck(name, label, seed, "far")
            both = self.luck.lengths * home + math.sqrt(1 - self.luck.lengths**2) * apart
            reached = _fraction(self.scatter[far] * self.luck.shaped(both))
            longer = (LongerTest(LENGTH, reached, reached),)
        return SeedScore(
            setting.task, label, seed, fraction, fraction, fraction, 1e-3, 0.0, "finished", 1, 1, longer=longer
        )

    def _luck(self, name: str, label: str, seed: int, where: str) -> float:
        """A standard normal number, in part the template's where seeds are shared."""
        common = self._draw(label, seed, where).gauss(0, 1)
        if name == TEMPLATE:
            return common
        share = self._draw(name, label).uniform(*SHARES) if self.luck.pairs == "shared" else 0.0
        return share * common + math.sqrt(1 - share**2) * self._draw(name, label, seed, where).gauss(0, 1)

    def _draw(self, *what: object) -> Random:
        return Random(f"{self.number} {what}")


def _scatter(noise: Noise) -> float:
    """What was measured; where the template is always at the end of the scale, what two variants' differences show."""
    return max(noise.std, noise.paired.std / math.sqrt(2) if noise.paired else 0.0)


def _fraction(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-odds))


def _noise(template: ScoreCard, known: Sequence[ScoreCard], measure: Measure) -> dict[str, Noise]:
    mine, others = _values(template, measure), [_values(card, measure) for card in known]
    return {
        setting: Noise(
            stdev(scores.values()),
            len(scores),
            paired_noise(
                [[value - scores[seed] for seed, value in other[setting].items()] for other in others], measure
            ),
        )
        for setting, scores in mine.items()
    }


def _values(card: ScoreCard, measure: Measure) -> dict[str, Mapping[int, float]]:
    """Setting -> seed -> value, the longer tests too."""
    found: dict[str, Mapping[int, float]] = {}
    for score in (*card.tasks.values(), *card.further.values()):
        for each in (score, *longer_scores(score).values()):
            found |= measure.values(each)
    return found


@dataclass(frozen=True)
class Told:
    """Of so many equals: how many each thing told apart from the template, how many were called better, and of how many
    a task seemed below its floor."""

    count: int
    apart: Mapping[str, int]
    better: int
    lost: int

    def share(self, what: str) -> float:
        return self.apart[what] / self.count

    def line(self, luck: Luck) -> list[object]:
        """A line of the table."""
        shares = [f"{self.share(what):.1%}" for what in self.apart]
        others = [f"{number / self.count:.1%}" for number in (self.better, self.lost)]
        return [luck.shape, luck.pairs, f"{luck.lengths:g}", *shares, *others]


def told_of(protocol: Protocol, luck: Luck, worlds: int, each: int, seed: int = 0) -> Told:
    """What the objective tells of equals, in so many worlds with so many equals each."""
    apart = dict.fromkeys(WHAT, 0)
    better = lost = 0
    for number in range(seed, seed + worlds):
        for found in World(protocol, luck, number).judgements(each):
            axes = found.gain, found.memory, found.learnability, found.average
            for what, comparison in zip(apart, axes, strict=True):
                apart[what] += comparison is not None and comparison.told_apart
            better += found.verdict == "better"
            lost += bool(found.lost)
    return Told(worlds * each, apart, better, lost)
