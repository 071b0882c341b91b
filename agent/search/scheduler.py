"""What a free place of a search does next: the first thing that is to be done, in the order of its worth."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from agent.core.errors import INTERRUPTED
from agent.core.text import say
from agent.llm import Interrupted
from agent.llm.spending import OutOfMoney
from agent.science.history import History
from agent.search.budget import Stop
from agent.search.places import Places
from agent.search.steps import Step
from agent.store.workspace import StaleRun

NOTHING_LEFT = Stop(say("stop.nothing left"))


class Meanwhile(Enum):
    """What a source of steps may say in place of a step."""

    CHANGED = auto()  # something was done that needed no place: decide anew
    LATER = auto()  # it is being prepared, and will be asked for again: what comes after it is not worth more


Later = Literal[Meanwhile.LATER]
Source = Callable[[History], Step | Meanwhile | None]


@dataclass
class Scheduler:
    """Gives each free place the first step that any of its sources has, until there is none or it must stop.

    `history` is read anew for each decision. `stop` says why nothing more is to be begun, which then stays so; or that
    nothing is for now. `between` is called between two decisions.
    """

    places: Places
    history: Callable[[], History]
    stop: Callable[[History], Stop | Later | None]
    between: Callable[[], None]
    stopped: Stop | None = field(default=None, init=False)

    def run(self, sources: Sequence[Source], owed: Source = lambda history: None) -> Stop:
        """Until the search has to stop or nothing is left, and what was under way has ended.

        What is `owed` is begun also when it is time to stop, unless a person said so. Whatever else ends it, such as
        Ctrl-C for the second time, gives back what is under way.
        """
        self.stopped = None
        try:
            while True:
                later = self._fill(sources, owed)
                if not self.places.busy and (self.stopped is not None or not later):
                    return self.stopped or NOTHING_LEFT
                self.places.wait()
                self.between()
        except BaseException:
            self.places.give_back()
            raise

    def _fill(self, sources: Sequence[Source], owed: Source) -> bool:
        """Give each free place something to do. Whether there may be more to do later, where there is nothing now."""
        if not self.places.open:
            self._decide((), lambda history: None)  # which may be that it is time to stop
            return True
        self.places.retry()
        for place in self.places.free:
            while place in self.places.free:
                step = self._decide(sources, owed)
                if step is None or isinstance(step, Meanwhile):
                    return step is not None
                with suppress(StaleRun):  # somebody at another shell was quicker: decide anew
                    self.places.begin(place, step)
        return False

    def _decide(self, sources: Sequence[Source], owed: Source) -> Step | Meanwhile | None:
        """What is to be begun now; None where nothing is, and LATER where nothing is yet."""
        while True:
            history = self.history()
            stop = self.stopped or self.stop(history)
            if isinstance(stop, Stop):
                self.stopped, sources = stop, ()
                if stop.exit_code == INTERRUPTED:
                    self.places.give_up_lost()
                    return None
            elif stop is Meanwhile.LATER:
                return stop
            try:
                found = next((step for source in (owed, *sources) if (step := source(history)) is not None), None)
            except OutOfMoney as end:
                self.stopped = Stop(end.reason)
            except Interrupted:
                pass  # the ledger knows, and `stop` says so
            else:
                if found is not Meanwhile.CHANGED:
                    return found
            self.between()
