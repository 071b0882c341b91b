"""The drafts that are being made or wait to be trained: which is ready, and which goes first."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent.core.run import Run
from agent.science.history import History
from agent.search.background import Background
from agent.store.drafts import Draft, has_run


@dataclass(frozen=True)
class Begun:
    """A draft that is being made, and what was known when it was begun."""

    history: History
    draft: Background[Draft | None]

    @property
    def made(self) -> Draft | None:
        """The draft, where it is there and its making did not fail."""
        return self.draft.result() if self.draft.done and not self.draft.failed else None


@dataclass
class DraftQueue:
    """Drafts in the order in which they were begun."""

    begun: list[Begun] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.begun)

    def add(self, begun: Begun) -> None:
        self.begun.append(begun)

    @property
    def ready(self) -> bool:
        """Whether `take` need not wait."""
        return any(each.draft.done for each in self.begun)

    def take(self, now: History) -> Begun:
        """Take out the one that is trained next: a repair, then what was made of the picture as it is now, then what an
        older picture gave, and last what failed to be made. Call it when something is ready."""
        done = [each for each in self.begun if each.draft.done]
        first = min(done, key=lambda each: _rank(each, now))
        self.begun.remove(first)
        return first

    def take_along(self, idea: str, parent: str) -> Draft | None:
        """Take out a draft that was made along a person's idea, of this parent if one is named; None without one."""
        for each in self.begun:
            draft = each.made
            if draft and idea and draft.proposal.idea == idea and parent in ("", *draft.proposal.parents[:1]):
                self.begun.remove(each)
                return draft
        return None

    def wait(self, seconds: float) -> None:
        """Wait until everything is done, at most so many seconds."""
        end = time.monotonic() + seconds
        for each in self.begun:
            each.draft.wait(max(0.0, end - time.monotonic()))

    def waiting(self) -> list[Draft]:
        """The drafts that are there and are of use."""
        found = [each.made for each in self.begun]
        return [draft for draft in found if draft is not None and draft.failure is None]


def _rank(begun: Begun, now: History) -> int:
    draft = begun.made
    if draft is None:
        return 3
    if draft.failure is not None or draft.proposal.repairs_of:
        return 0
    return 2 if outdated(begun.history, now) else 1


def outdated(then: History, now: History) -> bool:
    """Whether there is a best since that is better beyond the noise."""
    best, before = now.best, now.find(then.best.name) if then.best else None
    return bool(best and before and best.id != before.id and now.judge(best, before).verdict == "better")


def why_dropped(draft: Draft, then: History, now: History) -> str:
    """Why a draft must not be trained; nothing if it may be. A failure is recorded in any case."""
    if has_run(draft, now):
        return "it has its run"
    if draft.failure is None and now.rejected != then.rejected:
        return "a proposal was rejected since"
    return ""


def with_drafts(history: History, drafts: Sequence[Draft]) -> History:
    """A history in which drafts stand as proposals that wait, for reading alone: they have no run yet.

    So nobody proposes them again, or takes their names.
    """
    if not drafts or not history.runs:
        return history
    last = history.runs[-1]
    waiting = tuple(
        Run(f"{last.id}_draft_{number}", "proposed", draft.proposal, last.protocol, last.fingerprint)
        for number, draft in enumerate(drafts, 1)
    )
    return replace(history, runs=(*history.runs, *waiting))
