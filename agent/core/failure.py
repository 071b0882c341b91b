"""Why a run has no score: a kind, a reason, and the end of the log."""

from dataclasses import dataclass
from typing import Literal

from agent.core.reason import Reason
from agent.core.text import Text, say

FailureKind = Literal[
    "refused", "duplicate", "crash", "timeout", "out of memory", "wrong shape", "diverged", "interrupted",
    "unusable reply",
]  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """Why there is no score. It is never read as a number."""

    kind: FailureKind
    reason: Reason
    log_tail: str = ""

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
