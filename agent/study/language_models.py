"""How far each task, and each axis, orders mixers as published language models around them are ordered.

A paper trains the mixers that it compares alike, so only mixers of one paper are laid side by side: of each pair, which
has the lower perplexity there, and which the higher score here. The number told is Kendall's tau, the share of pairs in
the same order less that of pairs in the other one. Its interval is that of our seeds, drawn anew. So few mixers may be
in the papers' order by chance: how many random orders of them are as far from no order says the last column. How far
the papers' own numbers scatter nobody published.

The perplexities are from elsewhere (baselines/language_models.csv), and no score of ours depends on them.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log

import numpy as np
from numpy.typing import NDArray

from agent.core.resources import KNOWN_VARIANTS
from agent.core.score import LEARNING_TASKS, MEMORY_TASKS
from agent.evaluator.protocol import Protocol
from agent.science.estimate import AVERAGE
from agent.science.measure import LOG_ODDS, MACRO, Measure
from agent.science.objective import AT_LENGTH
from agent.study.agreement import DRAWS, EDGES
from agent.study.cells import Reached, reached
from agent.study.pieces import settings_of
from agent.study.rows import Row

PERPLEXITIES = KNOWN_VARIANTS / "language_models.csv"

Draws = NDArray[np.float64]  # one score a draw of the seeds; the first is as measured


@dataclass(frozen=True)
class Published:
    """A mixer of one paper, and the perplexities of the language model around it."""

    paper: str
    mixer: str
    perplexities: tuple[float, ...]

    @property
    def loss(self) -> float:
        """The mean of the logarithms: how many nats a token it is wrong by, over the texts that it was tested on."""
        return float(np.mean([log(each) for each in self.perplexities]))


def published() -> list[Published]:
    """All of the table, in its order."""
    with PERPLEXITIES.open(newline="", encoding="utf-8") as table:
        return [
            Published(row["paper"], row["mixer"], (float(row["wikitext_perplexity"]), float(row["lambada_perplexity"])))
            for row in csv.DictReader(table)
        ]


@dataclass(frozen=True)
class Order:
    """Kendall's tau of a column over so many pairs, as measured, and its 95 percent interval by our seeds.

    `chance` is the share of random orders of the same mixers whose tau is as far from 0, or further.
    """

    column: str
    pairs: int
    tau: float
    low: float
    high: float
    chance: float

    @property
    def line(self) -> list[object]:
        """A line of the table."""
        interval = f"{self.low:+.2f} to {self.high:+.2f}"
        return [self.column, self.pairs, f"{self.tau:+.2f}", interval, f"{self.chance:.1%}"]


HEADINGS = ["by", "pairs", "tau with perplexity", "95 percent, other seeds", "random orders as far"]


def orders(protocol: Protocol, rows: Sequence[Row], models: Sequence[Published]) -> list[Order]:
    """The order of every task, of both axes, of their mean and of the older average, where two of a paper have all."""
    columns = _columns(protocol, rows, {each.mixer for each in models})
    measured = next(iter(columns.values()), {})
    pairs = [
        (one, other)
        for one, other in combinations(models, 2)
        if one.paper == other.paper and {one.mixer, other.mixer} <= measured.keys() and one.loss != other.loss
    ]
    return [_order(column, scores, pairs) for column, scores in columns.items()] if pairs else []


def _order(column: str, scores: Mapping[str, Draws], pairs: Sequence[tuple[Published, Published]]) -> Order:
    tau = _tau(scores, pairs)
    low, high = np.percentile(tau[1:], EDGES)
    mixers = sorted({each.mixer for pair in pairs for each in pair})
    measured, generator = np.array([scores[mixer][0] for mixer in mixers]), np.random.default_rng(0)
    shuffled = np.array([generator.permutation(measured) for _ in range(DRAWS)])
    of_chance = _tau(dict(zip(mixers, shuffled.T, strict=True)), pairs)
    chance = np.mean(np.abs(of_chance) >= abs(tau[0]) - 1e-9)
    return Order(column, len(pairs), float(tau[0]), float(low), float(high), float(chance))


def _tau(scores: Mapping[str, Draws], pairs: Sequence[tuple[Published, Published]]) -> Draws:
    """Of each draw; two mixers that are equal here count for neither order."""
    same = [np.sign(scores[one.mixer] - scores[other.mixer]) * np.sign(other.loss - one.loss) for one, other in pairs]
    found: Draws = np.mean(same, axis=0)
    return found


def _columns(protocol: Protocol, rows: Sequence[Row], wanted: set[str]) -> dict[str, dict[str, Draws]]:
    """Column -> mixer -> its scores, of the mixers that have every setting: tasks in log-odds, the average in macro."""
    odds, macro = _drawn(protocol, rows, wanted, LOG_ODDS), _drawn(protocol, rows, wanted, MACRO)
    settings = [setting.label for setting in settings_of(protocol)]
    known = {name for name, found in odds.items() if found.keys() >= {*settings}}
    tasks = {setting.label: setting.task for setting in settings_of(protocol)}
    found: dict[str, dict[str, Draws]] = {}
    for task in dict.fromkeys(tasks.values()):
        own = [label for label in settings if tasks[label] == task]
        found[task] = {name: _mean([odds[name][label] for label in own]) for name in known}
        if far := [label + AT_LENGTH for label in own if all(label + AT_LENGTH in odds[name] for name in known)]:
            found[task + AT_LENGTH] = {name: _mean([odds[name][label] for label in far]) for name in known}
    for axis, of_axis in (("memory", MEMORY_TASKS), ("learnability", LEARNING_TASKS)):
        parts = [part for task in of_axis for part in (task, task + AT_LENGTH) if part in found]
        found[axis] = {name: _mean([found[part][name] for part in parts]) for name in known}
    found["both axes"] = {name: _mean([found[axis][name] for axis in ("memory", "learnability")]) for name in known}
    columns = [label for label in settings if tasks[label] in protocol.tasks]
    found[AVERAGE] = {name: _mean([macro[name][label] for label in columns]) for name in known}
    return found


def _drawn(protocol: Protocol, rows: Sequence[Row], wanted: set[str], measure: Measure) -> dict[str, dict[str, Draws]]:
    """Mixer -> setting -> its mean over the seeds, as measured and as other seeds might have made it.

    Mixers share their seeds, and a seed's tests at both lengths are of the same weights: all are drawn together.
    """
    scores: Reached = {name: found for name, found in reached(protocol, rows, measure).items() if name in wanted}
    generator = np.random.default_rng(0)  # so that a published interval can be printed again
    found: dict[str, dict[str, Draws]] = {name: {} for name in scores}
    for setting in settings_of(protocol):
        seeds = list(next(plan for plan in protocol.plans if setting in plan.settings).seed_numbers)
        chosen = np.vstack([np.arange(len(seeds)), generator.integers(len(seeds), size=(DRAWS, len(seeds)))])
        for name, label in ((name, label) for name in scores for label in (setting.label, setting.label + AT_LENGTH)):
            of_seed = scores[name].get(label, {})
            if all(seed in of_seed for seed in seeds):
                values = np.array([of_seed[seed] for seed in seeds])
                found[name][label] = values[chosen].mean(axis=1)
    return found


def _mean(parts: Sequence[Draws]) -> Draws:
    return np.mean(parts, axis=0)
