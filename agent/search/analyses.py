"""A model's analysis of each result. A run is closed with its facts; what a model makes of them follows later."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from agent.analyst import Analyst
from agent.analyst.note import render_note
from agent.core.run import Run, Sections
from agent.science.history import History
from agent.search.background import Background
from agent.store.folder import NOTE
from agent.store.workspace import StaleRun, Workspace


@dataclass(frozen=True)
class PendingAnalysis:
    """A closed run whose analysis is being written."""

    run: Run
    sections: Background[Sections]


@dataclass
class Analyses:
    """Has a slow analyst write about closed runs while the next one is trained; without one there is nothing to do."""

    workspace: Workspace
    analyst: Analyst | None = None
    begun: list[PendingAnalysis] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[None]:
        """A search that ends as it should waits for the last analysis."""
        yield
        for pending in self.begun:
            self._keep(pending)
        self.begun.clear()

    def begin(self, history: History, run: Run) -> None:
        """Have a closed run analysed."""
        if self.analyst is not None:
            analyst = self.analyst
            self.begun.append(PendingAnalysis(run, Background(lambda: analyst(history, run))))

    def collect(self) -> None:
        """Put into the notes what has come by now."""
        for pending in [pending for pending in self.begun if pending.sections.done]:
            self.begun.remove(pending)
            self._keep(pending)

    def _keep(self, pending: PendingAnalysis) -> None:
        sections = pending.sections.result()
        if sections != pending.run.analysis:
            with suppress(StaleRun):  # somebody else has written the note meanwhile
                run = self.workspace.amend(pending.run, analysis=sections)
                self.workspace.write(run, NOTE, render_note(self.workspace.history(), replace(run, analysis=sections)))
