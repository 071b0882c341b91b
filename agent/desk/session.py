"""Train what is approved while a person reads on: the desk in one thread, the search in the main one.

Ctrl-C once: the desk is left, and the run under way is finished. Twice: it stops now, to be begun anew another time.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from agent.core.errors import INTERRUPTED
from agent.core.run import UNFINISHED
from agent.core.text import Text, clean, say
from agent.desk.desk import Desk
from agent.desk.interface import LOOK, UserInterface
from agent.evaluator.executor.choice import open_places
from agent.search.assembly import assembled, proposing, training
from agent.search.budget import Stop
from agent.search.config import Config
from agent.store.locks import SearchIsRunning
from agent.store.status import RESULTS, Status
from agent.store.workspace import Workspace

if TYPE_CHECKING:
    from agent.search.loop import Search
    from agent.search.screen import Screen

LEFT = Stop(say("stop.desk left"))
STOPPED = Stop(say("stop.by you"), INTERRUPTED)
STOPPED_NOW = say("stop.in a step")
TO_LEAVE = 3.0  # seconds that the reader has to give the terminal back


@dataclass
class View:
    """The search as the desk shows it while somebody sits there, and as its own screen shows it afterwards."""

    ui: UserInterface
    stack: ExitStack
    opened: "Screen | None" = None

    def screen(self) -> "Screen":
        """What the journal of the search is to be given."""
        from agent.search.screen import Screen

        return Screen(self.show, self.line)

    def show(self, status: Status) -> None:
        self.ui.status = status
        if self.ui.left.is_set():
            self._open().show(status)

    def line(self, line: str) -> None:
        if self.ui.left.is_set():
            self._open().line(line)
        elif line[:1] in RESULTS:
            self.ui.say(line)

    def farewell(self) -> None:
        """Print what happened while the desk had the screen."""
        lines, self.ui.lines = self.ui.lines, []
        for line in lines:
            print(clean(line), flush=True)

    def _open(self) -> "Screen":
        if self.opened is None:
            from agent.search.screen import open_screen

            self.farewell()
            self.opened = self.stack.enter_context(open_screen())
        return self.opened


@dataclass
class Attendance:
    """A desk, and the search that trains what is approved at it.

    `search` brings that together when there is something to train, which takes seconds.
    """

    desk: Desk
    view: View
    search: "Callable[[], Search]"
    begun: "Search | None" = None
    interrupted: bool = False

    def run(self) -> Stop:
        """Until the desk is left and what was approved is trained, or the budget ends."""
        ui = self.desk.ui
        sitting = threading.Thread(target=self.desk.sit, daemon=True)
        with self._interruptible():
            sitting.start()
            try:
                stop = self._attend()
            except KeyboardInterrupt:
                self._tell_why(STOPPED_NOW)
                raise
            finally:
                ui.close()
                sitting.join(TO_LEAVE)
                ui.terminal.close()
                self.view.farewell()
        if self.desk.error is not None:
            raise self.desk.error
        self._tell_why(stop.reason)
        return stop

    def _tell_why(self, reason: Text) -> None:
        """Why it ended is kept."""
        if self.begun is not None:
            self.begun.journal.stopped(reason)

    def _attend(self) -> Stop:
        ui = self.desk.ui
        while not self.interrupted:
            stop = self._train() if self.desk.trains else None
            if stop is not None:
                return stop
            if ui.left.is_set() and not (self.desk.trains and self._unfinished()):
                return LEFT
            ui.rung.wait(LOOK)
            ui.rung.clear()
        return STOPPED

    def _train(self) -> Stop | None:
        """Train all that there is to be trained; why the search must end, if it must."""
        if self.begun is not None and not self._unfinished():
            return self.begun.ledger.stop()
        if self.begun is None and self.desk.propose is None and not self._unfinished():
            return None
        if self.desk.ui.workspace.locks.searcher() is not None:
            self._leave_it()
            return None
        from agent.search.loop import NOTHING_LEFT

        self.begun = self.search()
        try:
            stop = self.begun.run()
        except SearchIsRunning:
            self._leave_it()
            return None
        if stop is not NOTHING_LEFT:
            return stop
        if not self.desk.ui.left.is_set():
            self.begun.journal.phase("waiting for a decision")
        return None

    def _leave_it(self) -> None:
        """To the search of another process, which trains what is approved as well."""
        self.desk.trains = False
        self.desk.ui.say(f"· {self.desk.ui.words('elsewhere')}")

    def _unfinished(self) -> bool:
        return any(run.stage in UNFINISHED for run in self.desk.ui.workspace.history().runs)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        def interrupt(number: int, frame: Any) -> None:
            if self.desk.ui.editor_is_meant:
                return
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True
            self.desk.ui.close()
            if self.begun is not None:
                self.begun.ledger.interrupted = True
                print("stopping after this run; Ctrl-C again stops now", file=sys.stderr, flush=True)

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


T = TypeVar("T")


def sit_down(
    config: Config,
    home: Workspace,
    allow_unsandboxed: bool,
    lang: str | None,
    proposes: bool,
    trains: bool = True,
    only: str | None = None,
) -> Stop:
    """Let a person decide, and train what he approves. With `proposes` there are new proposals until he leaves."""
    from agent.desk.desk import Desk
    from agent.desk.interface import UserInterface
    from agent.desk.words import choose_language

    ui = UserInterface(home, choose_language(home, lang))
    with ExitStack() as stack:
        view = View(ui, stack)
        places = Once(lambda: stack.enter_context(open_places(None, config.device, config.places)))
        whole = Once(lambda: assembled(config, home, allow_unsandboxed, view.screen(), places()))
        desk = Desk(
            ui,
            amend=lambda run, reply: whole().amend(run, reply),
            propose=(lambda: proposing(whole()).propose()) if proposes else None,
            only=only,
            trains=trains,
            dollars=lambda: whole.made.ledger.spending.spent if whole.made else 0.0,
        )
        return Attendance(desk, view, lambda: training(whole(), baselines=proposes)).run()


class Once(Generic[T]):
    """A thing that is made when it is first asked for, whichever thread asks."""

    def __init__(self, make: Callable[[], T]) -> None:
        self.make = make
        self.made: T | None = None
        self._lock = threading.Lock()

    def __call__(self) -> T:
        with self._lock:
            if self.made is None:
                self.made = self.make()
            return self.made
