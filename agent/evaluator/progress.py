"""What a running evaluation reports to its watcher, and how far it is."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.evaluator.protocol import Protocol, Replica

LONGEST_KEY, LAST_STEP = 200, 1 << 40  # of what a worker says


@dataclass(frozen=True)
class Update:
    """A validation of one replica."""

    key: str
    step: int
    loss: float
    accuracy: float
    ended: bool
    training_loss: float = math.nan

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "Update | None":
        """Read a worker's message. It comes from where a variant runs, so what is not an update is passed over."""
        match message:
            case {
                "progress": {
                    "key": str(key),
                    "ending": ending,
                    "point": {"step": int(step), "loss": float(loss), "accuracy": float(accuracy)} as point,
                }
            } if len(key) <= LONGEST_KEY and abs(step) <= LAST_STEP:
                since = point.get("training_loss")
                return cls(
                    key, step, loss, accuracy, ending is not None, since if isinstance(since, float) else math.nan
                )
        return None


@dataclass
class Meter:
    """The share of an evaluation's training that is done, by tokens; a replica that has left counts as done."""

    protocol: Protocol
    started: float = field(default_factory=time.monotonic)
    done: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.replicas: dict[str, Replica] = {replica.key: replica for replica in self.protocol.replicas()}

    def add(self, update: Update) -> Replica | None:
        """Count an update; None if it names no replica of the protocol."""
        replica = self.replicas.get(update.key)
        if replica is not None:
            self.done[update.key] = 1.0 if update.ended else min(1.0, max(0.0, update.step / replica.steps))
        return replica

    @property
    def fraction(self) -> float:
        total = sum(replica.tokens for replica in self.replicas.values())
        return sum(share * self.replicas[key].tokens for key, share in self.done.items()) / total

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before there is one."""
        elapsed = time.monotonic() - self.started
        return elapsed * (1 - self.fraction) / self.fraction if self.fraction > 0 else None
