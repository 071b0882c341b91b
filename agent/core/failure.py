"""Why a run has no score: a kind, a reason, the end of the log, and what was done before it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.core.reason import Reason
from agent.core.score import CurvePoint, TaskScore
from agent.core.text import Text, say

FailureKind = Literal[
    "refused", "duplicate", "crash", "timeout", "out of memory", "wrong shape", "diverged", "interrupted",
    "unusable reply",
]  # fmt: skip


@dataclass(frozen=True)
class UnfinishedSeed:
    """A seed whose training was not over, `steps` long in all, and its validations so far."""

    task: str
    setting: str
    seed: int
    steps: int
    curve: tuple[CurvePoint, ...] = ()


@dataclass(frozen=True)
class Unfinished:
    """What an evaluation had done when it was ended; nothing of it makes a row.

    `share` of its training was done, by tokens, in `seconds`. At that pace the whole would have taken `times` as
    long as the template's took on the same machine; None where one of both is not known. `tasks` were trained and
    tested to their end, and are scored as in a row.
    """

    share: float
    seconds: float
    times: float | None = None
    tasks: Mapping[str, TaskScore] = field(default_factory=dict)
    seeds: tuple[UnfinishedSeed, ...] = ()


@dataclass(frozen=True)
class Failure:
    """Why there is no score. It is never read as a number."""

    kind: FailureKind
    reason: Reason
    log_tail: str = ""
    unfinished: Unfinished | None = None  # None where nothing was trained

    @property
    def kind_text(self) -> Text:
        """The kind in a few words of every language."""
        return kind_text(self.kind)

    def __str__(self) -> str:
        """Kind and reason in English, as logs and terminals show them."""
        return f"{self.kind}: {self.reason}"


def kind_text(kind: FailureKind) -> Text:
    """A kind of failure in a few words of every language."""
    return say(f"kind.{kind}")
