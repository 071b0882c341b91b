"""What the pages are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from agent.core.run import OlderNote, Run
from agent.proposer.moves import Move
from agent.report.lanes import Lanes, lanes
from agent.report.morning import LatestSearch
from agent.report.progress import Progress, progress
from agent.report.prose import Prose
from agent.report.standing import Standing, standings
from agent.report.talks import Talks
from agent.science.history import History
from agent.science.summary import active_since
from agent.store.places import read_events
from agent.store.status import read_phases
from agent.store.workspace import Workspace


@dataclass(frozen=True)
class Material:
    """Everything that the pages are made of: the runs as they are now, and how each stands."""

    workspace: Workspace
    history: History
    search: LatestSearch
    moves: Mapping[str, Move]
    older: tuple[OlderNote, ...]
    talks: Talks

    @cached_property
    def standings(self) -> dict[str, Standing]:
        return standings(self.history)

    @cached_property
    def progress(self) -> Progress:
        return progress(self.history, self.standings)

    @cached_property
    def lanes(self) -> Lanes | None:
        """What the latest search did when, and what it cost."""
        since = self.search.started
        if since is None:
            return None
        runs = [run for run in self.history.runs if active_since(run, since)]
        said = [exchange for run in runs for exchange in self.talks.about(run) if exchange.at >= since]
        return lanes(self.search, runs, read_phases(self.workspace, since), said, read_events(self.workspace, since))

    @cached_property
    def by_name(self) -> dict[str, Run]:
        """The run that a name means: the scored one, or else the latest."""
        return {run.name: run for run in self.history.runs} | {run.name: run for run in self.history.scored}

    @cached_property
    def template(self) -> Run | None:
        """The template's run with its learning curves."""
        baseline = self.history.baseline
        return self.workspace.with_curves(baseline) if baseline else None

    @cached_property
    def prose(self) -> Prose:
        """Renders notes for the pages of variants."""
        return Prose(self.by_name, "../")

    def is_latest_of_name(self, run: Run) -> bool:
        """Whether a name alone means this run, and no other of the same name."""
        return self.by_name[run.name].id == run.id

    def parent(self, run: Run) -> Run | None:
        return self.history.parent(run.proposal)

    def children(self, run: Run) -> list[Standing]:
        """What was made of a run, the best first. Of two runs of one name, the scored one has the children."""
        if not self.is_latest_of_name(run):
            return []
        return sorted(
            (self.standings[child.id] for child in self.history.children(run.name)), key=lambda child: child.order
        )
