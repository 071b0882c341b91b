"""How fast a training goes beside the template's on this machine, and what it has done so far."""

import time
from dataclasses import dataclass, field

from agent.core.failure import Unfinished, UnfinishedSeed
from agent.core.reason import Field, Reason
from agent.core.score import CurvePoint, ScoreCard, Speed
from agent.evaluator.progress import Meter, Update
from agent.evaluator.protocol import Protocol, Replica

TOLD_FROM = 0.05  # of the training: what is extrapolated from less may be far off
ALWAYS = 60.0  # seconds that a training may take in any case: of short rows most is not the training


@dataclass(frozen=True)
class TemplateTime:
    """What the template's row took on this machine, in seconds, and its op's tokens a second at that time."""

    seconds: float
    tokens_a_second: float

    @classmethod
    def of(cls, card: ScoreCard, its: Protocol, protocol: Protocol, crews: float = 1.0) -> "TemplateTime":
        """What another protocol would take of the template, by the tokens that both train on, from its card.

        `crews` is how many times as many workers the template had as there are now.
        """
        share = crews * _tokens(protocol) / _tokens(its)
        return cls(card.seconds * share, card.speed.baseline_op)


def _tokens(protocol: Protocol) -> int:
    return sum(replica.tokens for replica in protocol.replicas())


@dataclass
class Pace:
    """The progress of one evaluation, and when it is too slow to be gone on with.

    `template` is None where the template's time is not known: then only the hours of the protocol are a limit.
    """

    protocol: Protocol
    template: TemplateTime | None = None
    started: float = field(default_factory=time.monotonic)
    load: float = 1.0  # how many times slower the machine is now than when the template was measured, at least 1
    curves: dict[str, list[CurvePoint]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.meter = Meter(self.protocol, self.started)
        self.begun = self.started

    def begin(self) -> None:
        """The training begins: what came before, such as the checks, is no part of its pace."""
        self.begun = time.monotonic()

    def describe(self, speed: Speed) -> None:
        """Take in how fast the template's op is just now: on a busy machine all have more time."""
        if self.template is not None:
            self.load = max(1.0, self.template.tokens_a_second / speed.baseline_op)

    def add(self, update: Update) -> None:
        """Count a validation, and keep it as a point of its curve; what does not go on from the last one is dropped."""
        replica = self.meter.add(update)
        curve = self.curves.setdefault(update.key, []) if replica else []
        if replica and (curve[-1].step if curve else 0) < update.step <= replica.steps:
            curve.append(CurvePoint(update.step, update.training_loss, update.loss, update.accuracy))

    @property
    def share(self) -> float:
        """Of the training, by tokens."""
        return self.meter.fraction

    @property
    def seconds(self) -> float:
        """For which it has been trained."""
        return time.monotonic() - self.begun

    @property
    def times(self) -> float | None:
        """How many times the template's time the whole will take at the pace so far; None before that can be told."""
        if self.template is None or self.share <= 0:
            return None
        return self.seconds / self.share / (self.template.seconds * self.load)

    @property
    def deadline(self) -> float:
        """When the evaluation has had all the time that it may take, by time.monotonic."""
        latest = self.started + self.protocol.time_limit_hours * 3600
        if self.template is None:
            return latest
        return min(latest, self.begun + self._allowed(self.template))

    def _allowed(self, template: TemplateTime) -> float:
        """Seconds that the training may take."""
        return max(ALWAYS, self.protocol.slowest * template.seconds * self.load)

    @property
    def hopeless(self) -> bool:
        """Whether the whole will take too long, as far as can be told."""
        if self.template is None or self.share < TOLD_FROM:
            return False
        return self.seconds / self.share > self._allowed(self.template)

    def reason(self, line: int | None = None) -> Reason:
        """Why an evaluation is ended for its time, and in which line of the variant it mostly stood."""
        if self.template is None:
            return overdue_at(line)
        taken = self.seconds / (self.template.seconds * self.load)
        times = max(taken, self.times or 0.0)
        facts: dict[str, Field] = {"share": self.share, "times": times, "most": self.protocol.slowest}
        if line is None:
            return Reason("failure.too_slow", facts)
        return Reason("failure.too_slow_at_line", facts | {"line": line})

    def unfinished(self) -> Unfinished:
        """What was done so far; the scores of finished tasks are added where they are known."""
        seeds: dict[tuple[str, int], UnfinishedSeed] = {}
        for key, curve in self.curves.items():
            replica = self.meter.replicas[key]
            where, found = (replica.setting.label, replica.seed), _seed(replica, curve)
            if where not in seeds or _reached(found) > _reached(seeds[where]):  # of a grid the best point
                seeds[where] = found
        return Unfinished(self.share, self.seconds, self.times, {}, tuple(seeds.values()))


def overdue_at(line: int | None) -> Reason:
    """That the hours of a protocol are over, and the line of the variant where it mostly stood, if in any."""
    return Reason("failure.overdue") if line is None else Reason("failure.overdue_at_line", {"line": line})


def _seed(replica: Replica, curve: list[CurvePoint]) -> UnfinishedSeed:
    return UnfinishedSeed(replica.setting.task, replica.setting.label, replica.seed, replica.steps, tuple(curve))


def _reached(seed: UnfinishedSeed) -> float:
    return seed.curve[-1].accuracy if seed.curve else 0.0
