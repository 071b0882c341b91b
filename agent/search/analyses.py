"""A model's analysis of each result. A run is closed with its facts; what a model makes of them follows later."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from agent.analyst import Analyst
from agent.analyst.note import render_note
from agent.core.errors import kind_and_reason
from agent.core.run import Run, Sections
from agent.llm.secrets import Censor
from agent.science.history import History
from agent.search.background import Background
from agent.store.files import WorkspaceError
from agent.store.folder import ANALYSIS_ERROR, NOTE
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
    say: Callable[[str], None] = lambda line: None
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
        """Put an analysis into its run and its note.

        The one boundary of every analyst: whatever it raises, or writes that is no analysis, is the failure of this
        one. The facts stay as they are, and the traceback is kept with the run. WorkspaceError is raised again: a disk
        that is full ends the search.
        """
        try:
            sections = pending.sections.result()
            note = render_note(self.workspace.history(), replace(pending.run, analysis=sections))
        except WorkspaceError:
            raise
        except Exception as error:
            censor = Censor()
            self.workspace.write(pending.run, ANALYSIS_ERROR, censor("".join(traceback.format_exception(error))))
            why = censor(kind_and_reason(error))
            self.say(f"· {pending.run.name}: the analyst raised {why}; its note keeps the facts alone")
            return
        if sections != pending.run.analysis:
            with suppress(StaleRun):  # somebody else has written the note meanwhile
                run = self.workspace.amend(pending.run, analysis=sections)
                self.workspace.write(run, NOTE, note)
