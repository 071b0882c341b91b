"""A model's reading of each result. A run is closed with its facts; what a model makes of them follows later."""

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
class Reading:
    """A run that is being read."""

    run: Run
    sections: Background[Sections]


@dataclass
class Readings:
    """Has a slow analyst read closed runs while the next one is trained; without one there is nothing to do."""

    workspace: Workspace
    analyst: Analyst | None = None
    begun: list[Reading] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[None]:
        """A search that ends as it should waits for the last reading."""
        yield
        for reading in self.begun:
            self._keep(reading)
        self.begun.clear()

    def begin(self, history: History, run: Run) -> None:
        """Have a closed run read."""
        if self.analyst is not None:
            analyst = self.analyst
            self.begun.append(Reading(run, Background(lambda: analyst(history, run))))

    def collect(self) -> None:
        """Put into the notes what has come by now."""
        for reading in [reading for reading in self.begun if reading.sections.done]:
            self.begun.remove(reading)
            self._keep(reading)

    def _keep(self, reading: Reading) -> None:
        sections = reading.sections.result()
        if sections != reading.run.analysis:
            with suppress(StaleRun):  # somebody else has written the note meanwhile
                run = self.workspace.amend(reading.run, analysis=sections)
                self.workspace.write(run, NOTE, render_note(self.workspace.history(), replace(run, analysis=sections)))
