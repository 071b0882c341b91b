"""How far each task, and each axis, orders mixers as language models around them are ordered.

A paper trains the mixers that it compares alike, as a protocol of text does here, so only mixers of one source are laid
side by side: of each pair, which has the lower loss there, and which the higher score here. The number told is
Kendall's tau, the share of pairs in the same order less that of pairs in the other one. Its interval is that of our
seeds, drawn anew: those of the scores, and of losses measured here those that all of these mixers have. So few mixers
may be in that order by chance: how many random orders of them are as far from no order says the last column. How far
the papers' own numbers scatter nobody published.

The perplexities are from elsewhere (baselines/language_models.csv), and no score of ours depends on them.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import log

import numpy as np
from numpy.typing import NDArray

from agent.core.resources import KNOWN_VARIANTS
from agent.core.score import LEARNING_TASKS, MEMORY_TASKS
from agent.core.text_score import Kind
from agent.evaluator.protocol import Protocol
from agent.science.estimate import AVERAGE
from agent.science.measure import LOG_ODDS, MACRO, Measure
from agent.science.objective import AT_LENGTH
from agent.study.agreement import DRAWS, EDGES
from agent.study.cells import Reached, reached
from agent.study.pieces import settings_of
from agent.study.rows import Row
from agent.study.text_rows import TextRow

PERPLEXITIES = KNOWN_VARIANTS / "language_models.csv"
TEXTS = ("wikitext_perplexity", "lambada_perplexity")

Draws = NDArray[np.float64]  # one score a draw of the seeds; the first is as measured


@dataclass(frozen=True)
class LanguageModel:
    """A mixer, and what the language model around it is wrong by: one loss, or one for each seed of its source.

    A paper's loss is the mean of its perplexities' logarithms, nats a token; one that was measured here is in bits a
    byte.
    """

    source: str
    mixer: str
    losses: tuple[float, ...]

    @property
    def loss(self) -> float:
        """The mean over the seeds."""
        return float(np.mean(self.losses))

    @cached_property
    def drawn(self) -> Draws:
        """The loss as measured, and as other seeds might have made it; models of one source have the same seeds."""
        count = len(self.losses)
        others = np.random.default_rng(1).integers(count, size=(DRAWS, count))
        found: Draws = np.array(self.losses)[np.vstack([np.arange(count), others])].mean(axis=1)
        return found


def published() -> list[LanguageModel]:
    """Those of the papers' table, in its order."""
    with PERPLEXITIES.open(newline="", encoding="utf-8") as table:
        return [
            LanguageModel(row["paper"], row["mixer"], (float(np.mean([log(float(row[name])) for name in TEXTS])),))
            for row in csv.DictReader(table)
        ]


def measured_on_text(rows: Sequence[TextRow], kind: Kind, times: int = 1) -> list[LanguageModel]:
    """Those that were measured here, by their bits on one kind of bytes, of the seeds that all of them have."""
    bits: dict[str, dict[int, float]] = {}
    for row in rows:
        if (found := row.bits(kind, times)) is not None:
            bits.setdefault(row.variant, {})[row.seed] = found
    common = sorted(set.intersection(*({*each} for each in bits.values()))) if bits else []
    return [
        LanguageModel("measured here", name, tuple(each[seed] for seed in common))
        for name, each in bits.items()
        if common
    ]


Pair = tuple[LanguageModel, LanguageModel]  # of one source


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


HEADINGS = ["by", "pairs", "tau", "95 percent, other seeds", "random orders as far"]


def orders(protocol: Protocol, rows: Sequence[Row], models: Sequence[LanguageModel]) -> list[Order]:
    """The order of every task, of both axes, of their mean and of the older average, where two of a source have all."""
    columns = _columns(protocol, rows, {each.mixer for each in models})
    measured = next(iter(columns.values()), {})
    pairs = [
        (one, other)
        for one, other in combinations(models, 2)
        if one.source == other.source and {one.mixer, other.mixer} <= measured.keys() and one.loss != other.loss
    ]
    return [_order(column, scores, pairs) for column, scores in columns.items()] if pairs else []


def _order(column: str, scores: Mapping[str, Draws], pairs: Sequence[Pair]) -> Order:
    models = sorted({each for pair in pairs for each in pair}, key=lambda each: (each.source, each.mixer))
    tau = _tau(scores, pairs, {each: each.drawn for each in models})
    low, high = np.percentile(tau[1:], EDGES)
    mixers = sorted({each.mixer for each in models})
    measured, generator = np.array([scores[mixer][0] for mixer in mixers]), np.random.default_rng(0)
    shuffled = np.array([generator.permutation(measured) for _ in range(DRAWS)])
    of_chance = _tau(dict(zip(mixers, shuffled.T, strict=True)), pairs, {each: each.drawn[:1] for each in models})
    chance = np.mean(np.abs(of_chance) >= abs(tau[0]) - 1e-9)
    return Order(column, len(pairs), float(tau[0]), float(low), float(high), float(chance))


def _tau(scores: Mapping[str, Draws], pairs: Sequence[Pair], losses: Mapping[LanguageModel, Draws]) -> Draws:
    """Of each draw; two mixers that are equal here count for neither order."""
    same = [
        np.sign(scores[one.mixer] - scores[other.mixer]) * np.sign(losses[other] - losses[one]) for one, other in pairs
    ]
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
