"""What a task is: its name, its limits, its options, and how its examples are drawn.

Each task is a file beside this one that makes a `Task` of it; the list in agent/evaluator/tasks/__init__.py names them
all. Protocols are read where torch is not loaded, so a task's file imports torch only inside its generator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    import torch
    from torch import Tensor

IGNORE = -100  # the target of a position that is not scored; also what torch's cross_entropy ignores

Split = Literal["train", "validation", "test"]
Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Option(Generic[Number]):
    """What makes one setting of a single task harder or easier than another."""

    name: str
    default: Number
    meaning: str

    def of(self, setting: Setting) -> Number:
        """Its value in a setting of its task."""
        found: Number = setting.options[self.name]
        return found


@dataclass(frozen=True, init=False)
class Setting:
    """One difficulty setting of a task. Nonsense is refused with a ValueError.

    The options of the task are further keyword arguments, as in Setting("Selective Copy", 16, 256, 12_800, copies=16).
    """

    task: str  # a task's name, as in the column names of the table
    vocab: int  # all special tokens included
    length: int  # of the sequence that a task draws; the network may see one token less, see `input_length`
    train_examples: int
    own: tuple[tuple[str, Any], ...]  # the task's options with their values

    def __init__(
        self,
        task: str,
        vocab: int,
        length: int,
        train_examples: int,
        own: tuple[tuple[str, Any], ...] = (),
        **options: float,
    ) -> None:
        """`own` is for dataclasses.replace, which hands all of it on; `options` go before it."""
        if task not in known_tasks:
            raise ValueError(f"there is no task {task!r}: choose one of {', '.join(known_tasks)}")
        given = dict(own) | options
        mine = tuple((each.name, given.get(each.name, each.default)) for each in known_tasks[task].options)
        for name, value in (("task", task), ("vocab", vocab), ("length", length), ("train_examples", train_examples)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "own", mine)
        complaints = list(self._complaints(given))
        if complaints:
            raise ValueError(f"{self.label}: {'; '.join(complaints)}")

    @property
    def options(self) -> dict[str, Any]:
        """The options of its task, by name."""
        return dict(self.own)

    @property
    def input_length(self) -> int:
        """How many positions the inputs have."""
        return self.length - known_tasks[self.task].only_targets

    @property
    def autoencoder(self) -> bool:
        """Whether the network must give the whole sequence back from the state after its last token."""
        return known_tasks[self.task].autoencoder

    @property
    def reads_text(self) -> bool:
        """Whether its examples are windows of real text, on which a loss says more than an accuracy."""
        return known_tasks[self.task].reads_text

    @property
    def lengthens(self) -> bool:
        """Whether a network that learned it can be tested on longer sequences."""
        return known_tasks[self.task].lengthens

    @property
    def pairs(self) -> int:
        """How many distinct pairs a sequence shows, of a task that says so; 0 of the others."""
        found: int = self.options.get("pairs", 0)
        return found

    @property
    def label(self) -> str:
        """A short name that tells any two settings apart, such as "Context Recall V16 L128 n12800"."""
        options = "".join(f" {name.replace('_', '')}{value}" for name, value in self.own)
        return f"{self.task} V{self.vocab} L{self.length} n{self.train_examples}{options}"

    @property
    def facts(self) -> dict[str, Any]:
        """All that makes it what it is, for JSON and for a protocol's fingerprint."""
        shape = {"task": self.task, "vocab": self.vocab, "length": self.length, "train_examples": self.train_examples}
        return shape | self.options

    def _complaints(self, given: dict[str, float]) -> Iterator[str]:
        if self.train_examples < 1:
            yield "train_examples must be at least 1"
        for name in given:
            if name not in self.options:
                yield f"{name} {belongs(name)}"
        yield from known_tasks[self.task].complaints(self)


@dataclass(frozen=True, order=True)
class Variation:
    """How the sequences of a further test differ from those of the training, for the same weights.

    They are so many `times` as long, or show so many distinct `pairs`; 0 for as many as in training.
    """

    times: int = 1
    pairs: int = 0

    def of(self, setting: Setting) -> Setting:
        """A setting with this difference made; ValueError where its task has no such sequences."""
        longer = replace(setting, length=self.times * setting.length)
        return replace(longer, own=(("pairs", self.pairs),)) if self.pairs else longer


AS_TRAINED = Variation()


@dataclass(frozen=True)
class Task:
    """A task as one object; whatever depends on the task is here and nowhere else."""

    name: str  # also the title of its column in the table, if it has one
    told: str  # what it asks for, in a line, for the model that proposes variants
    generate: Callable[[Request], Examples]
    complaints: Callable[[Setting], Iterator[str]]  # what is wrong with the numbers of a setting
    options: tuple[Option[Any], ...] = ()
    only_targets: int = 0  # how many of the last tokens are targets and never inputs
    autoencoder: bool = False  # whether the whole sequence is given back from the state after its last token
    local: bool = False  # whether the token before tells the answer alone, so that no memory is needed
    lengthens: bool = False  # whether sequences of another length ask for what was learned on these
    column: bool = True  # whether it is a column of the table; what is not counts in no average
    reads_text: bool = False  # whether its examples are read from files


known_tasks: dict[str, Task] = {}


def register(*tasks: Task) -> tuple[Task, ...]:
    """Make tasks known by their names, in this order, which is that of the table's columns. ValueError for a twin."""
    for task in tasks:
        if task.name in known_tasks:
            raise ValueError(f"there are two tasks with the name {task.name!r}")
        known_tasks[task.name] = task
    return tasks


def belongs(option: str) -> str:
    """Why an option is not one of a task's: it belongs to others, or to none."""
    owners = [task.name for task in known_tasks.values() if option in (each.name for each in task.options)]
    return f"belongs to {' and '.join(owners)}: leave it out" if owners else "is an option of no task: leave it out"


def too_small(setting: Setting, *, vocab: int, length: int) -> Iterator[str]:
    """Complaints about a setting that has fewer tokens or positions than its task needs."""
    if setting.vocab < vocab:
        yield f"vocab must be at least {vocab}"
    if setting.length < length:
        yield f"length must be at least {length}"


def odd_length(setting: Setting) -> Iterator[str]:
    """A complaint about a sequence of pairs that has an odd length."""
    if setting.length % 2:
        yield f"the sequence is made of pairs: make length even, such as {setting.length + 1}"


@dataclass(frozen=True)
class Examples:
    """N sequences of T tokens. The two may share memory, so treat both as read-only."""

    inputs: Tensor  # (N, T) int64
    targets: Tensor  # (N, T) int64, IGNORE where not scored


class Reader(Protocol):
    """Where the examples of a task that reads text come from."""

    def examples(self, setting: Setting, count: int, split: Split, seed: int) -> Examples:
        """(count, setting.input_length) inputs and targets."""


@dataclass(frozen=True)
class Request:
    """So many examples of a setting. `chance` is used up as numbers are drawn from it.

    With `scored` they are made and targeted as for a score, without it as for training. `world` is the seed of what all
    draws of one replica share.
    """

    setting: Setting
    count: int
    scored: bool
    world: int
    chance: torch.Generator

    def integers(self, below: int, columns: int) -> Tensor:
        """(N, columns) int64, uniform in [0, below)."""
        import torch

        return torch.randint(below, (self.count, columns), generator=self.chance, device=self.chance.device)

    def coins(self, probability: float, columns: int) -> Tensor:
        """(N, columns) bool, each true with this probability."""
        import torch

        return torch.rand(self.count, columns, generator=self.chance, device=self.chance.device) < probability

    def full(self, columns: int, token: int) -> Tensor:
        """(N, columns) int64, the same token everywhere."""
        import torch

        return torch.full((self.count, columns), token, device=self.chance.device)
