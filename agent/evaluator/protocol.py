"""What is trained and measured for a row of the table: data, not code paths."""

import hashlib
import json
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from agent.core.errors import UsageError
from agent.evaluator.tasks import READING, TASKS
from agent.evaluator.tasks.task import Setting, Variation
from agent.evaluator.text.source import TextSource

# Which code gives the scores: one more whenever tasks, draws, network, training or metric change what a seed scores
# (tests/evaluator/test_edition.py notices). It enters every fingerprint, since such scores must not be
# compared with older ones.
EDITION = 3

# How the linear weights begin: "torch" is PyTorch's default, U(+-in^-1/2), as MAD has had it since December 2024;
# "normal" is N(0, 0.02), as MAD had it before. The autoencoder of Compress begins as "normal" either way.
Init = Literal["torch", "normal"]

# How the learning rate goes on: it stays as it is, or it rises over the first steps and then falls as a cosine does.
Schedule = Literal["constant", "cosine"]


@dataclass(frozen=True)
class Plan:
    """How the settings of one task are trained."""

    settings: tuple[Setting, ...]
    seeds: int
    batch: int
    epochs: int
    learning_rates: tuple[float, ...]
    weight_decays: tuple[float, ...]
    validations: int  # spread evenly over the steps
    first_seed: int = 0
    # How many times as long the sequences are on which the trained weights are tested again, of settings that lengthen.
    longer: tuple[int, ...] = ()
    # How many distinct pairs they show in further tests of the same weights, of settings that count their pairs.
    pairs: tuple[int, ...] = ()

    @property
    def seed_numbers(self) -> range:
        return range(self.first_seed, self.first_seed + self.seeds)


@dataclass(frozen=True)
class Cut:
    """When a point of the learning-rate x weight-decay grid is given up.

    From `after` (a fraction of its steps) on, a replica whose checkpoint lies more than `margin` below the best of its
    setting and seed, in validation accuracy, leaves. Its grid has a better point, which will be chosen instead.
    """

    after: float
    margin: float


@dataclass(frozen=True)
class Leg:
    """How far a row is trained by the end of a leg: of each setting, by its label, its first so many seeds.

    Legs are nested: a later one has all that an earlier one has. The whole row is the last and is not named.
    """

    seeds: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class TemplateCurve:
    """The template's validation accuracies of one seed of a setting, by its label: (step, accuracy) by rising step."""

    setting: str
    seed: int
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Replica:
    """One training run: a point of the protocol."""

    setting: Setting
    seed: int
    batch: int
    steps: int
    validate_every: int  # steps
    learning_rate: float
    weight_decay: float
    variations: tuple[Variation, ...] = ()  # by which its trained weights are tested again

    @property
    def longer(self) -> tuple[int, ...]:
        """How many times as long the sequences of its further tests are, of those that are longer."""
        return tuple(each.times for each in self.variations if each.times > 1)

    @property
    def grid(self) -> tuple[Setting, int]:
        """What the points of one grid of rates and decays share: their setting and seed, and so their examples."""
        return self.setting, self.seed

    @property
    def steps_an_epoch(self) -> int:
        return ceil_div(self.setting.train_examples, self.batch)

    @property
    def tokens(self) -> int:
        """How many it trains on if it is not solved before."""
        return self.steps * self.batch * self.setting.input_length

    @property
    def key(self) -> str:
        return f"{self.setting.label} seed {self.seed} rate {self.learning_rate:g} decay {self.weight_decay:g}"


@dataclass(frozen=True)
class Protocol:
    """A way to score a variant. Scores of two protocols are never compared."""

    name: str
    purpose: str  # what it is for, in a line for the user
    plans: tuple[Plan, ...]
    width: int = 128
    heads: int = 1
    inner: int = 352
    chunk_size: int = 32
    init: Init = "torch"
    validation_examples: int = 1280
    test_examples: int = 1280
    solved_at: float = 0.999
    cut: Cut | None = None
    schedule: Schedule = "constant"
    text: TextSource | None = None  # what the settings read that read text
    time_limit_hours: float = 12.0
    # How many times as long as the template on the same machine a row may take: MesaNet, the slowest known, takes 4.4.
    slowest: float = 8.0
    # Where a row may be stopped between two evaluations; nothing of a score depends on it.
    legs: tuple[Leg, ...] = ()
    # Which replicas that lie far behind leave early (agent/evaluator/training/leaving.py), and are told to have left;
    # without any nobody leaves. What stays is scored as without them.
    template_curves: tuple[TemplateCurve, ...] = ()

    def replicas(self) -> Iterator[Replica]:
        """Every training run of a row, in the order of the plans."""
        for plan in self.plans:
            for setting in plan.settings:
                steps = plan.epochs * ceil_div(setting.train_examples, plan.batch)
                every = ceil_div(steps, plan.validations)
                variations = tuple(_variations(plan, setting))
                for seed in plan.seed_numbers:
                    for rate in plan.learning_rates:
                        for decay in plan.weight_decays:
                            yield Replica(setting, seed, plan.batch, steps, every, rate, decay, variations)

    @property
    def grids(self) -> tuple[tuple[Setting, int], ...]:
        """What has a score of its own: every seed of every setting, in the order of the plans."""
        return tuple(dict.fromkeys(replica.grid for replica in self.replicas()))

    def template_curve(self, replica: "Replica") -> TemplateCurve | None:
        """The template's curve of the same setting and seed; None where it is not known."""
        where = replica.setting.label, replica.seed
        return next((curve for curve in self.template_curves if (curve.setting, curve.seed) == where), None)

    def leg_parts(self) -> "tuple[Protocol, ...]":
        """The legs one by one: disjoint parts in their order, whose union is the whole row. One part without legs.

        A leg of which this protocol has nothing, as one that is restricted to some tasks may, is left out.
        """
        if not self.legs:
            return (self,)
        order = Counter[Setting]()
        left: dict[tuple[Setting, int], int] = {}  # each grid, and which seed of its setting it is, from 0
        for setting, seed in self.grids:
            left[setting, seed] = order[setting]
            order[setting] += 1
        parts = []
        for leg in self.legs:
            many = dict(leg.seeds)
            done = {grid for grid, place in left.items() if place < many.get(grid[0].label, 0)}
            parts.append(done)
            left = {grid: place for grid, place in left.items() if grid not in done}
        return tuple(self.part(grids) for grids in (*parts, left.keys()) if grids)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that are columns of the table, in its order."""
        return self._planned(column=True)

    @property
    def further(self) -> tuple[str, ...]:
        """The tasks that are scored beside the table."""
        return self._planned(column=False)

    def _planned(self, column: bool) -> tuple[str, ...]:
        planned = {setting.task for plan in self.plans for setting in plan.settings}
        return tuple(task.name for task in (*TASKS, *READING) if task.name in planned and task.column == column)

    @property
    def longest_window(self) -> int:
        """Bytes of the longest window of text that is read, with the byte that follows it."""
        read = ((plan, setting) for plan in self.plans for setting in plan.settings if setting.reads_text)
        return 1 + max((setting.length * max((1, *plan.longer)) for plan, setting in read), default=0)

    @property
    def lone_settings(self) -> frozenset[str]:
        """The labels of the settings with a single seed, which shows nothing of its own noise."""
        return frozenset(setting.label for plan in self.plans if plan.seeds == 1 for setting in plan.settings)

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change with anything that may change a score."""
        unread = {"name": None, "purpose": None, "time_limit_hours": None}
        facts = self._facts() | unread | {"edition": EDITION}
        # How long a training may take, or in which order, changes no score; what leaves early says so in its ending.
        del facts["slowest"], facts["legs"], facts["template_curves"]
        for plan in facts["plans"]:
            if not plan["pairs"]:  # protocols without such tests are those that they were before there were any
                del plan["pairs"]
        if self.schedule == "constant":  # as it was before there was another
            del facts["schedule"]
        del facts["text"]
        if self.text is not None:
            facts["text"] = self.text.digest  # wherever its files lie
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]

    def setting_fingerprint(self, setting: Setting) -> str:
        """What tells whether a kept score of a setting is still one of this protocol: how it is trained, by any seed.

        Not the whole protocol's: another setting or a further seed makes no score of this one worthless.
        """
        plan = next(plan for plan in self.plans if setting in plan.settings)
        return replace(self, plans=(replace(plan, settings=(setting,), seeds=1, first_seed=0),)).fingerprint

    def to_json(self) -> str:
        return json.dumps(self._facts())

    def _facts(self) -> dict[str, Any]:
        plans = [asdict(plan) | {"settings": [setting.facts for setting in plan.settings]} for plan in self.plans]
        return asdict(self) | {"plans": plans}

    @classmethod
    def from_json(cls, text: str) -> "Protocol":
        facts = json.loads(text)
        plans = tuple(
            Plan(**_tuples(plan) | {"settings": tuple(Setting(**setting) for setting in plan["settings"])})
            for plan in facts["plans"]
        )
        cut = Cut(**facts["cut"]) if facts["cut"] else None
        legs = tuple(Leg(tuple((label, seeds) for label, seeds in leg["seeds"])) for leg in facts["legs"])
        reads = TextSource(**facts["text"]) if facts.get("text") else None
        curves = tuple(
            TemplateCurve(curve["setting"], curve["seed"], tuple((step, right) for step, right in curve["points"]))
            for curve in facts["template_curves"]
        )
        return cls(**facts | {"plans": plans, "cut": cut, "legs": legs, "text": reads, "template_curves": curves})

    def only(self, tasks: tuple[str, ...]) -> "Protocol":
        """The same protocol restricted to some tasks, with a fingerprint of its own. UsageError for a task it lacks."""
        every = (*self.tasks, *self.further)
        unknown = [task for task in tasks if task not in every]
        if unknown:
            raise UsageError(f"protocol {self.name} has no task {unknown[0]!r}: choose from {', '.join(every)}")
        plans = tuple(
            replace(plan, settings=kept)
            for plan in self.plans
            if (kept := tuple(setting for setting in plan.settings if setting.task in tasks))
        )
        return replace(self, plans=plans)

    def further_seed(self, labels: Container[str], done: int) -> "Protocol":
        """One seed more than the protocol has, of the settings with these labels, when `done` such seeds are done."""
        plans = tuple(
            replace(plan, settings=kept, first_seed=plan.seed_numbers.stop + done, seeds=1)
            for plan in self.plans
            if (kept := tuple(setting for setting in plan.settings if setting.label in labels))
        )
        return replace(self, plans=plans, legs=())

    def part(self, grids: Container[tuple[Setting, int]]) -> "Protocol":
        """The same protocol restricted to some seeds of some settings, (setting, seed), which train as in the whole.

        It is evaluated at once: it has no legs.
        """
        plans = tuple(
            replace(plan, settings=(setting,), first_seed=seed, seeds=1)
            for plan in self.plans
            for setting in plan.settings
            for seed in plan.seed_numbers
            if (setting, seed) in grids
        )
        return replace(self, plans=plans, legs=())


def ceil_div(a: int, b: int) -> int:
    """a / b, rounded up."""
    return -(-a // b)


def _variations(plan: Plan, setting: Setting) -> Iterator[Variation]:
    """The further tests of a setting: only of what its task lengthens, or counts."""
    if setting.lengthens:
        yield from (Variation(times=times) for times in plan.longer)
    if setting.pairs:
        yield from (Variation(pairs=pairs) for pairs in plan.pairs if pairs != setting.pairs)


def _tuples(facts: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists where the dataclasses have tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
