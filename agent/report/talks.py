"""What was said to a model about each run, read once as long as it stays the same."""

from dataclasses import dataclass, field, replace

from agent.core.run import Run
from agent.llm.transcript import Exchange, read_transcript
from agent.store.folder import TRANSCRIPT
from agent.store.workspace import Workspace


@dataclass
class Talks:
    """The exchanges about the runs of a workspace, without their texts: when, what for, how long and how much."""

    workspace: Workspace
    kept: dict[str, tuple[int, tuple[Exchange, ...]]] = field(default_factory=dict)

    def about(self, run: Run) -> tuple[Exchange, ...]:
        """Nothing where no model took part, or where the transcript cannot be read any more."""
        path = self.workspace.folder(run) / TRANSCRIPT
        try:
            stamp = path.stat().st_mtime_ns
            if run.id not in self.kept or self.kept[run.id][0] != stamp:
                said = read_transcript(path.read_text(encoding="utf-8"))
                self.kept[run.id] = stamp, tuple(replace(each, request={}, reply=None, thoughts="") for each in said)
        except (OSError, ValueError):
            return ()
        return self.kept[run.id][1]

    def cost(self, run: Run) -> float | None:
        """What the calls for a run cost in dollars; None where no model took part or its price is not known."""
        priced = [exchange.dollars for exchange in self.about(run) if exchange.dollars is not None]
        return sum(priced) if priced else None
