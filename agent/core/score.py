"""What an evaluation measures: frozen facts, without input or output."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite, log
from statistics import fmean, stdev

from agent.core.text_score import TextScore

LEAST_ODDS, MOST_ODDS = 0.01, 0.99  # beyond these a fraction says more of the test's size than of the variant


def log_odds(fraction: float) -> float:
    """ln(p / (1 - p)) of a fraction correct, which is clipped to LEAST_ODDS and MOST_ODDS first."""
    clipped = min(max(fraction, LEAST_ODDS), MOST_ODDS)
    return log(clipped / (1.0 - clipped))


@dataclass(frozen=True)
class CurvePoint:
    """A validation during training: mean training loss since the last one, loss and macro accuracy on unseen data."""

    step: int
    training_loss: float
    loss: float
    accuracy: float

    @property
    def finite(self) -> bool:
        """Whether training was still sound here."""
        return isfinite(self.training_loss) and isfinite(self.loss)


@dataclass(frozen=True)
class LongerTest:
    """What the same weights reach, untrained on it, on sequences of so many times the length of their training."""

    times: int
    macro: float
    micro: float


@dataclass(frozen=True)
class PairsTest:
    """What the same weights reach on sequences of the same length with so many distinct pairs."""

    pairs: int
    macro: float
    micro: float


def write_longer(tests: Iterable[LongerTest]) -> str:
    """Tests on longer sequences as a cell of a CSV: "8:0.912345:0.934567", one after the other."""
    return _written((test.times, test.macro, test.micro) for test in tests)


def read_longer(cell: str) -> tuple[LongerTest, ...]:
    """What `write_longer` wrote; none of a row of an earlier version, whose cell is empty."""
    return tuple(LongerTest(*numbers) for numbers in _read(cell))


def write_pairs(tests: Iterable[PairsTest]) -> str:
    """Tests with other numbers of pairs as a cell of a CSV, as `write_longer` writes lengths."""
    return _written((test.pairs, test.macro, test.micro) for test in tests)


def read_pairs(cell: str) -> tuple[PairsTest, ...]:
    """What `write_pairs` wrote; none of an empty cell."""
    return tuple(PairsTest(*numbers) for numbers in _read(cell))


def _written(tests: Iterable[tuple[int, float, float]]) -> str:
    return " ".join(f"{number}:{macro:.6f}:{micro:.6f}" for number, macro, micro in tests)


def _read(cell: str) -> list[tuple[int, float, float]]:
    parts = (test.split(":") for test in cell.split())
    return [(int(number), float(macro), float(micro)) for number, macro, micro in parts]


@dataclass(frozen=True)
class SeedScore:
    """What one seed of one setting reached on the test, and how it was trained.

    `macro` is the score, at the weights with the lowest validation loss; `micro` is the plain fraction correct there,
    and `macro_last` what the last weights reach. The learning rate and decay are those of the grid's best replica.
    """

    task: str
    setting: str
    seed: int
    macro: float
    micro: float
    macro_last: float
    learning_rate: float
    weight_decay: float
    ending: str
    best_step: int
    steps: int
    curve: tuple[CurvePoint, ...] = ()
    longer: tuple[LongerTest, ...] = ()  # by rising length; none of cards of earlier versions
    pairs: tuple[PairsTest, ...] = ()  # by rising number; only of protocols that ask for it


@dataclass(frozen=True)
class TaskScore:
    """A task's score: the mean over its settings of the mean over their seeds."""

    task: str
    seeds: tuple[SeedScore, ...]

    @property
    def by_setting(self) -> dict[str, list[float]]:
        """Setting -> the macro accuracy of each of its seeds."""
        scores: dict[str, list[float]] = {}
        for seed in self.seeds:
            scores.setdefault(seed.setting, []).append(seed.macro)
        return scores

    @cached_property
    def mean(self) -> float:
        return fmean(fmean(scores) for scores in self.by_setting.values())

    @cached_property
    def micro(self) -> float:
        """The same mean of micro accuracy, in which verdicts are told."""
        scores: dict[str, list[float]] = {}
        for seed in self.seeds:
            scores.setdefault(seed.setting, []).append(seed.micro)
        return fmean(map(fmean, scores.values()))

    @property
    def longer(self) -> dict[int, float]:
        """Times the length -> the mean plain accuracy there of the seeds that have such a test."""
        reached: dict[int, list[float]] = {}
        for test in (test for seed in self.seeds for test in seed.longer):
            reached.setdefault(test.times, []).append(test.micro)
        return {times: fmean(found) for times, found in sorted(reached.items())}

    @property
    def spread(self) -> float | None:
        """The standard error of the mean that the seeds of this card show; None where every setting has one seed."""
        repeated = [stdev(scores) ** 2 / len(scores) for scores in self.by_setting.values() if len(scores) > 1]
        if len(repeated) < len(self.by_setting):
            return None
        return sum(repeated) ** 0.5 / len(repeated)


@dataclass(frozen=True)
class Speed:
    """Tokens a second through the op, forward and backward, and the same of the baseline's op in the same process."""

    op: float
    baseline_op: float

    @property
    def ratio(self) -> float:
        return self.op / self.baseline_op


@dataclass(frozen=True)
class ScoreCard:
    """All that an evaluation measured, and what is needed to repeat it."""

    protocol: str
    fingerprint: str
    tasks: Mapping[str, TaskScore]
    parameters: int
    state_size: int
    speed: Speed
    device: str
    versions: Mapping[str, str]
    test_seed: int
    seconds: float
    state_bytes: int | None = None  # of one sequence's state, all heads together
    flops: float | None = None  # operations a token of the forward pass; both None in cards of earlier versions
    remarks: tuple[str, ...] = ()  # keys of sentences: what was seen of the op and is no failure
    further: Mapping[str, TaskScore] = field(default_factory=dict)  # of tasks that are no column of the table
    text: TextScore | None = None  # under a protocol of text, whose scores are no row of the table
    workers: int | None = None  # how many workers it had at once; None in cards of earlier versions

    @property
    def scores(self) -> dict[str, float]:
        """Task -> score, in the order of the table."""
        return {task: score.mean for task, score in self.tasks.items()}

    @cached_property
    def average(self) -> float:
        return fmean(self.scores.values())


@dataclass(frozen=True)
class Confirmation:
    """A variant's scores on seeds that no choice ever saw, `times` as many as its protocol has."""

    times: int
    card: ScoreCard


@dataclass(frozen=True)
class Verification:
    """What a variant showed beyond its row: a card of each protocol that verifies, on seeds that no choice ever saw."""

    cards: tuple[ScoreCard, ...] = ()

    def under(self, fingerprint: str) -> ScoreCard | None:
        """Its card under the protocol with this fingerprint; None where it was not trained by that."""
        return next((card for card in self.cards if card.fingerprint == fingerprint), None)

    def with_card(self, card: ScoreCard) -> "Verification":
        """The same with a card more, in place of one of the same protocol."""
        others = tuple(each for each in self.cards if each.protocol != card.protocol)
        return Verification((*others, card))


# The columns of a table that has no row yet, and of tables in the older text format. Which tasks there are, and what
# each is, says agent/evaluator/tasks.
MAD_TASKS = ("Compress", "Context Recall", "Fuzzy Recall", "Memorize", "Noisy Recall", "Selective Copy")

# What a search is after (agent/science/objective.py): what a variant holds, and how much a short training reaches.
MEMORY_TASKS = ("Context Recall", "Fuzzy Recall", "Noisy Recall", "Selective Copy", "Multi-Query Recall")
LEARNING_TASKS = ("Compress", "Memorize")
