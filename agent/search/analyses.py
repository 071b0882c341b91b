"""A model's analysis of each result. A run is closed with its facts; what a model makes of them follows later.

The next draft waits for it. Which runs were not read yet is kept, so that the next search has them read.
"""

import json
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from agent.analyst import Analyst, Unread
from agent.analyst.note import render_note
from agent.core.errors import kind_and_reason
from agent.core.run import Run, Sections
from agent.core.text import whole_characters
from agent.llm.secrets import Censor
from agent.science.history import History
from agent.search.background import Background
from agent.store.files import WorkspaceError, reading
from agent.store.folder import ANALYSIS_ERROR, NOTE
from agent.store.workspace import RUNS, StaleRun, Workspace

UNREAD = "unread.json"
LATEST = 3  # of what an earlier search left unread: more would cost much and teach little


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
        """Begin what an earlier search left unread. A search that ends as it should waits for the last analysis."""
        if self.analyst is not None:
            history = self.workspace.history()
            left = [run for run in history.runs if run.finished and run.id in self._unread()]
            self._keep_unread([run.id for run in left[-LATEST:]])
            for run in left[-LATEST:]:
                self.begin(history, run)
        yield
        for pending in self.begun:
            self._keep(pending)
        self.begun.clear()

    def begin(self, history: History, run: Run) -> None:
        """Have a closed run analysed."""
        if self.analyst is not None:
            analyst, whole = self.analyst, self.workspace.with_curves(run)
            self._keep_unread([*self._unread(), run.id])
            self.begun.append(PendingAnalysis(run, Background(lambda: analyst(history, whole))))

    def read(self, history: History) -> History:
        """Wait for what is under way; a history with what it says, for a thread that may not write."""
        said = {}
        for pending in tuple(self.begun):
            pending.sections.wait()
            if not pending.sections.failed:
                said[pending.run.id] = pending.sections.result()
        if not said:
            return history
        return replace(
            history, runs=tuple(replace(run, analysis=said.get(run.id, run.analysis)) for run in history.runs)
        )

    def collect(self) -> None:
        """Put into the notes what has come by now."""
        for pending in [pending for pending in self.begun if pending.sections.done]:
            self.begun.remove(pending)
            self._keep(pending)

    def _keep(self, pending: PendingAnalysis) -> None:
        """Put an analysis into its run and its note.

        The one boundary of every analyst: whatever it raises, or writes that is no analysis or cannot be kept, is the
        failure of this one. The facts stay as they are, and the traceback is kept with the run. WorkspaceError is
        raised again: a disk that is full ends the search.
        """
        read = True
        try:
            try:
                sections = pending.sections.result()
            except Unread as unread:
                sections, read = unread.sections, False
            note = render_note(self.workspace.history(), replace(pending.run, analysis=sections))
            if sections != pending.run.analysis:
                with suppress(StaleRun):  # somebody else has written the note meanwhile
                    run = self.workspace.amend(pending.run, analysis=sections)
                    self.workspace.write(run, NOTE, note)
        except WorkspaceError:
            raise
        except Exception as error:
            censor = Censor()
            told = whole_characters("".join(traceback.format_exception(error)))
            self.workspace.write(pending.run, ANALYSIS_ERROR, censor(told))
            why = censor(whole_characters(kind_and_reason(error)))
            self.say(f"· {pending.run.name}: the analyst raised {why}; its note keeps the facts alone")
            self._close(pending.run)
            return
        if read:
            self._close(pending.run)

    def _close(self, run: Run) -> None:
        self._keep_unread([each for each in self._unread() if each != run.id])

    def _unread(self) -> list[str]:
        """The ids of runs whose analysis was begun and did not end."""
        path = self.workspace.root / RUNS / UNREAD
        with reading(path):
            return [str(each) for each in json.loads(path.read_text())["runs"]] if path.exists() else []

    def _keep_unread(self, runs: Sequence[str]) -> None:
        runs = list(dict.fromkeys(runs))
        if runs != self._unread():
            self.workspace.keep(UNREAD, json.dumps({"runs": runs}) + "\n")
