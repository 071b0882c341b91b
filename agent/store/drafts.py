"""Drafts that a model was paid for and no run has come of yet, in runs/drafts/: the next search takes them up."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from agent.core.failure import Failure
from agent.core.run import Proposal
from agent.science.history import History
from agent.store.files import reading, write_atomically
from agent.store.workspace import RUNS, Workspace

DRAFTS = "drafts"


@dataclass(frozen=True)
class Draft:
    """A proposal that has no run yet, and why it is of no use, if it is of none."""

    proposal: Proposal
    failure: Failure | None = None


_DRAFT = TypeAdapter(Draft)


@dataclass(frozen=True)
class KeptDrafts:
    """Keeps each draft that came of a conversation in a file of its own, until it has a run."""

    workspace: Workspace

    def keep(self, draft: Draft) -> None:
        """Write a draft down; one without a conversation has cost nothing and is not kept."""
        if draft.proposal.conversation:
            write_atomically(self._path(draft), _DRAFT.dump_json(draft, indent=1).decode() + "\n")

    def drop(self, draft: Draft) -> None:
        """Forget a draft that will not be used. Its conversation stays."""
        if draft.proposal.conversation:
            self._path(draft).unlink(missing_ok=True)

    def left(self) -> list[Draft]:
        """What earlier searches left, oldest first. A draft that has its run by now is dropped."""
        history = self.workspace.history()
        found = list(self._read())
        for draft in found:
            if has_run(draft, history):
                self.drop(draft)
        return [draft for draft in found if not has_run(draft, history)]

    def _read(self) -> Iterator[Draft]:
        for path in sorted((self.workspace.root / RUNS / DRAFTS).glob("*.json")):
            with reading(path, "move it away: it is a proposal that was never trained"):
                yield _DRAFT.validate_json(path.read_bytes())

    def _path(self, draft: Draft) -> Path:
        return self.workspace.root / RUNS / DRAFTS / f"{draft.proposal.conversation}.json"


def has_run(draft: Draft, history: History) -> bool:
    """Whether a run has come of a draft."""
    talk = draft.proposal.conversation
    return bool(talk) and any(run.proposal.conversation == talk for run in history.runs)
