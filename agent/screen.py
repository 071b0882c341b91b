"""A running search on the screen: a panel that is drawn anew on a terminal, plain lines elsewhere."""

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

from agent.status import RESULTS, Status, clock
from agent.terminal import SECONDS_BETWEEN_LINES


@dataclass(frozen=True)
class Screen:
    """`show` draws a status, `line` says something once."""

    show: Callable[[Status], None]
    line: Callable[[str], None]


@contextmanager
def open_screen() -> Iterator[Screen]:
    """The screen of this program's standard output."""
    console = Console()
    if sys.stdout.isatty() and not console.is_dumb_terminal:
        with Live(console=console, refresh_per_second=4, transient=True) as live:
            yield Screen(lambda status: live.update(panel(status)), lambda line: _say(console, line))
    else:
        yield Screen(_slowly(), lambda line: print(_stamped(line), flush=True))


def _say(console: Console, line: str) -> None:
    if line[:1] in RESULTS:  # results scroll by and stay; phases are in the panel
        console.print(Text(line, overflow="fold"))


def _slowly() -> Callable[[Status], None]:
    """Print how training goes now and then."""
    last = time.monotonic()

    def show(status: Status) -> None:
        nonlocal last
        if status.training and time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(_stamped(f"{status.share:4.0%}  {status.training}"), flush=True)

    return show


def _stamped(line: str) -> str:
    return f"{time.strftime('%H:%M:%S')}  {line}"


def panel(status: Status) -> Group:
    """The whole state of a search in about a dozen lines."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, value in facts_of(status):
        facts.add_row(label, Text(value))
    bar = ProgressBar(total=1.0, completed=status.share, width=40)
    return Group(Text(""), facts, bar, Text(status.training, style="dim"))


def facts_of(status: Status) -> list[tuple[str, str]]:
    """Label and value of everything that is known just now."""
    facts = [
        ("now", f"{status.phase} {status.run}".strip()),
        ("best", status.best),
        ("tried", f"{status.tried}, of which {status.failed} failed"),
        ("used", f"{status.budget}; training {status.busy:.0%} of the time"),
        ("isolation", status.isolation),
    ]
    facts += [("latest" if index == 0 else "", line) for index, line in enumerate(reversed(status.latest))]
    return [(label, value) for label, value in facts if value]


def describe_status(status: Status, searcher: str | None) -> str:
    """A status as plain lines, for another shell."""
    ago = clock(max(0.0, time.time() - status.updated))
    first = f"{searcher} is searching" if searcher else f"nobody is searching; the last search was seen {ago} ago"
    lines = [f"{label:<10}{value}" for label, value in facts_of(status)]
    training = [f"{'':<10}{status.share:.0%} {status.training}"] if status.training and searcher else []
    return "\n".join([first, *lines, *training])
