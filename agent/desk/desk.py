"""A person at the desk: cards come from the run folders, keys become decisions, and these go back to the folders."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Group
from rich.text import Text as Line

from agent.core.run import UNFINISHED, Run
from agent.core.text import clean
from agent.desk.decisions import waiting
from agent.desk.interface import LOOK, Left, UserInterface
from agent.desk.keys import RunView
from agent.desk.window import Window

AHEAD = 2  # approved runs that wait for their training: with more, proposals would be made without their results
LATEST = 8  # lines of what happened beside a training


@dataclass
class Desk:
    """Sits in a thread of its own, so that what was approved is trained meanwhile.

    `amend` checks and keeps a person's version of a run; `propose` makes a further proposal, None if none is left.
    """

    ui: UserInterface
    amend: Callable[[Run, str], Run]
    propose: Callable[[], Run | None] | None = None
    only: str | None = None  # the one run that is to be read
    trains: bool = True  # whether this process trains what is approved
    dollars: Callable[[], float] = lambda: 0.0  # what the model has cost so far
    skipped: set[str] = field(default_factory=set)
    exhausted: bool = False  # nothing is left to propose
    error: BaseException | None = None

    def sit(self) -> None:
        """Card after card, until the reader goes, has to go, or there is nothing to be read any more."""
        try:
            self.ui.terminal.open()
            while self._step():
                pass
        except (Left, EOFError):
            pass
        except BaseException as error:  # of this program's own: raised again in the thread that trains
            self.error = error
        finally:
            self.ui.terminal.close()
            self.ui.left.set()
            self.ui.rung.set()

    def _step(self) -> bool:
        """Do what there is to be done; whether there was anything."""
        if run := self._next():
            view = RunView(self.ui, run, self.amend, self.dollars)
            view.go()
            if view.skipped:
                self.skipped.add(run.id)
        elif self._wants_more():
            self._think()
        elif self._busy():
            self._watch()
        else:
            return False
        return True

    def _next(self) -> Run | None:
        """The oldest proposal that waits and was not skipped."""
        runs = waiting(self.ui.workspace)
        return next((run for run in runs if run.id not in self.skipped and self.only in (None, run.id)), None)

    def _wants_more(self) -> bool:
        """Whether it is time for a further proposal."""
        history = self.ui.workspace.history()
        unfinished = sum(run.stage in UNFINISHED for run in history.runs)
        may = self.propose is not None and not self.exhausted and bool(history.scored)
        return may and unfinished < AHEAD

    def _busy(self) -> bool:
        """Whether something is trained here that is worth waiting for."""
        history = self.ui.workspace.history()
        unfinished = any(run.stage in (*UNFINISHED, "evaluating") for run in history.runs)
        return self.trains and (unfinished or (self.propose is not None and not history.scored))

    def _think(self) -> None:
        """Have a proposal made."""
        assert self.propose is not None
        run = self.ui.work("proposing", self.propose)
        if run is None:
            self.exhausted = True
            self.ui.say(f"· {self.ui.words('nothing proposed')}")
        elif run.failure is not None:
            reason = run.failure.reason.text[self.ui.language]
            self.ui.say(f"✗ {run.name}: {self.ui.words('failed proposal')}: {reason}")
            self.ui.rung.set()

    def _watch(self) -> None:
        """Show the training until there may be something else to do."""

        def shown(width: int) -> Group:
            lines = [Line(clean(line)) for line in self.ui.lines[-LATEST:]]
            if self.ui.status is None:
                return Group(*lines)
            from agent.search.screen import panel  # it imports torch, which is loaded once there is a status

            return Group(panel(self.ui.status), Line(), *lines)

        since = time.monotonic()
        while time.monotonic() - since < LOOK:
            key = self.ui.tick(Window(self.ui.terminal, shown), "", (("q", "leaving"), ("^C", "stops")))
            if key is not None and key.name in ("q", "\x04"):
                raise Left
