"""A running search on the screen: a panel that is drawn anew on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agent.core.text import ENGLISH
from agent.search.printing import SECONDS_BETWEEN_LINES
from agent.store.files import is_full
from agent.store.status import End, Status, clock


def aside(line: str) -> None:
    """Say something past the buffer of a print that this may have interrupted."""
    os.write(sys.stderr.fileno(), f"{line}\n".encode())


@dataclass(frozen=True)
class Screen:
    """`show` draws a status, `line` says something that stays, `warn` the same from within a signal handler."""

    show: Callable[[Status], None]
    line: Callable[[str], None]
    warn: Callable[[str], None] = aside


@contextmanager
def open_screen() -> Iterator[Screen]:
    """The screen of this program's standard output."""
    console = Console(highlight=False)
    if sys.stdout.isatty() and not console.is_dumb_terminal:
        now = Drawing(Status("starting"))
        with Live(console=console, get_renderable=now.draw, refresh_per_second=4, transient=True):
            yield Screen(now.show, lambda line: console.print(Text(line, overflow="fold")), now.warn)
    else:
        yield Screen(_slowly(), _say, aside)


@dataclass
class Drawing:
    """What is drawn on a terminal, four times a second."""

    status: Status
    warning: str = ""

    def show(self, status: Status) -> None:
        self.status = status

    def warn(self, warning: str) -> None:
        self.warning = warning

    def draw(self) -> Group:
        return Group(panel(self.status), Text(self.warning, style="bold"))


def panel(status: Status) -> Group:
    """The whole state of a search in about a dozen lines."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, value in facts_of(status):
        facts.add_row(label, Text(value))
        if label == "idea" and status.training:
            bar = Table.grid(padding=(0, 1))
            bar.add_row(ProgressBar(total=1.0, completed=status.share, width=30), f"{status.share:.0%}")
            facts.add_row("", bar)
            facts.add_row("", Text(status.training, style="dim"))
    return Group(Text(""), facts)


def _slowly() -> Callable[[Status], None]:
    """Print what is trained, and now and then how that goes."""
    last, name = time.monotonic(), ""

    def show(status: Status) -> None:
        nonlocal last, name
        if status.phase == "training" and status.run != name:
            name = status.run
            _say(f"training {name}: {status.idea}")
        elif status.training and time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            _say(f"{status.share:4.0%}  {status.training}")
        elif status.asked and not status.run and time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            _say(f"asked: {status.asked}")

    return show


def _say(line: str) -> None:
    """A line with the time. A night is not lost because the disk that its log goes to is full."""
    try:
        print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)
    except OSError as error:
        if not is_full(error):
            raise


def facts_of(status: Status) -> list[tuple[str, str]]:
    """Label and value of everything that is known just now."""
    facts = [
        ("now", f"{status.phase} {status.run}".strip()),
        ("idea", status.idea),
        ("asked", status.asked),
        ("best", status.best),
        ("so far", f"{status.tried} tried: {status.kept} better than the template, {status.failed} failed"),
        ("used", f"{status.budget}; training {status.busy:.0%} of the time"),
    ]
    return [(label, value) for label, value in facts if value]


def describe_status(status: Status, searcher: str | None, end: End | None = None) -> str:
    """A status as plain lines, for another shell, with how the search ended if it did."""
    ago = clock(max(0.0, time.time() - status.updated))
    stopped = f"stopped {ago} ago because {end.reason[ENGLISH]}" if end and end.started == status.started else ""
    first = (
        f"{searcher} is searching"
        if searcher
        else f"nobody is searching; the last search {stopped or f'was seen {ago} ago'}"
    )
    facts = [
        (label if searcher or label != "now" else "last", value)
        for label, value in facts_of(status)
        if searcher or label != "asked"
    ]
    facts += [("isolation", status.isolation.removeprefix("isolation: "))]
    facts += [("training", f"{status.share:.0%}  {status.training}")] if status.training and searcher else []
    facts += [("latest" if index == 0 else "", line) for index, line in enumerate(reversed(status.latest))]
    return "\n".join([first, *(f"{label:<11}{value}" for label, value in facts)])
