"""A running search on the screen: a panel that is drawn anew on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.cells import set_cell_size
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agent.core.sentences import joined
from agent.core.text import ENGLISH, clean, say
from agent.core.text import Text as Said
from agent.search.place_table import WIDTH, place_rows, place_summary, place_table, task_of
from agent.search.printing import SECONDS_BETWEEN_LINES
from agent.store.busy import Busy
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
def open_screen(language: str = ENGLISH) -> Iterator[Screen]:
    """The screen of this program's standard output."""
    console = Console(highlight=False)
    if sys.stdout.isatty() and not console.is_dumb_terminal:
        now = Drawing(Status("starting"), language=language)
        with Live(console=console, get_renderable=now.draw, refresh_per_second=4, transient=True):
            yield Screen(now.show, lambda line: console.print(Text(clean(line), overflow="fold")), now.warn)
    else:
        yield Screen(_slowly(language), _say, aside)


@dataclass
class Drawing:
    """What is drawn on a terminal, four times a second."""

    status: Status
    warning: str = ""
    language: str = ENGLISH

    def show(self, status: Status) -> None:
        self.status = status

    def warn(self, warning: str) -> None:
        self.warning = warning

    def draw(self) -> Group:
        return Group(panel(self.status, self.language), Text(self.warning, style="bold"))


def panel(status: Status, language: str = ENGLISH) -> Group:
    """The whole state of a search in about a dozen lines; one more for each place where there are several."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    several = len(status.places) > 1
    for label, value in facts_of(status):
        facts.add_row(say(f"places.{label}")[language], Text(value[language]))
        if label == "idea" and status.training and not several:
            bar = Table.grid(padding=(0, 1))
            bar.add_row(ProgressBar(total=1.0, completed=status.share, width=30), f"{status.share:.0%}")
            facts.add_row("", bar)
            facts.add_row("", Text(status.training, style="dim"))
    return Group(Text(""), facts, PlaceLines(status, language)) if several else Group(Text(""), facts)


@dataclass(frozen=True)
class PlaceLines:
    """What each of several places does, as wide as the terminal is."""

    status: Status
    language: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = place_rows(self.status.places, ())
        width = min(options.max_width, WIDTH)
        head, *lines = place_table(rows, self.language, width)
        yield Text("")
        yield Text(head, style="dim", no_wrap=True, overflow="crop")
        yield from (Text(line, no_wrap=True, overflow="crop") for line in lines)


def _slowly(language: str) -> Callable[[Status], None]:
    """Print what is trained, and now and then how that goes."""
    last, known = time.monotonic(), dict[str, str]()

    def show(status: Status) -> None:
        nonlocal last
        for place, begun in _begun(status, language).items():
            if known.get(place) != begun:
                known[place] = begun
                _say(begun)
                return
        if time.monotonic() - last < SECONDS_BETWEEN_LINES:
            return
        if len(status.places) > 1:
            last = time.monotonic()
            _say(place_summary(place_rows(status.places, ()))[language])
        elif status.training:
            last = time.monotonic()
            _say(f"{status.share:4.0%}  {status.training}")
        elif status.asked and not status.run:
            last = time.monotonic()
            _say(f"asked: {status.asked}")

    return show


def _begun(status: Status, language: str) -> dict[str, str]:
    """Place -> the line that tells what was begun there; at one place with the idea of it."""
    if len(status.places) > 1:
        return {each.place: f"{each.place}: {task_of(each)[language]}" for each in status.places if each.work}
    return {"": f"training {status.run}: {status.idea}"} if status.phase == "training" else {}


def _say(line: str) -> None:
    """A line with the time. A night is not lost because the disk that its log goes to is full."""
    try:
        print(f"{time.strftime('%H:%M:%S')}  {clean(line)}", flush=True)
    except OSError as error:
        if not is_full(error):
            raise


def facts_of(status: Status) -> list[tuple[str, Said]]:
    """Label and value of everything that is known just now."""
    tally = say("places.tally", tried=status.tried, kept=status.kept, failed=status.failed)
    facts = [
        ("now", _now(status)),
        ("idea", Said(status.idea)),
        ("asked", Said(status.asked)),
        ("best", Said(status.best)),
        ("so far", tally),
        ("used", say("places.budget", budget=status.budget, share=f"{status.busy:.0%}")),
    ]
    if len(status.places) > 1:
        facts.append(("label", place_summary(place_rows(status.places, ()))))
    return [(label, value) for label, value in facts if value[ENGLISH]]


def _now(status: Status) -> Said:
    """What the search turned to last; at one place also which leg of the row that is."""
    said = Said(f"{status.phase} {status.run}".strip())
    place = status.places[0] if len(status.places) == 1 else None
    if place is None or not place.work or place.legs == 1:
        return said
    return joined([said, say("places.leg", leg=place.leg, legs=place.legs)])


def describe_status(
    status: Status,
    searcher: str | None,
    end: End | None = None,
    busy: Sequence[Busy] = (),
    language: str = ENGLISH,
) -> str:
    """A status as plain lines of 80 columns or more, for another shell, with how the search ended if it did.

    `busy` is how busy each place was; none where the search recorded none.
    """
    searching = searcher is not None
    several = len(status.places) > 1
    facts = [
        (label if searching or label != "now" else "last", value)
        for label, value in facts_of(status)
        if (searching or label != "asked") and label != "label"
    ]
    rows = place_rows(status.places, busy, searching)
    facts += [("label", place_summary(rows))] if rows and (busy or several) else []
    facts += [("isolation", Said(status.isolation.removeprefix("isolation: ")))]
    if status.training and searching and not several:
        facts += [("training", Said(f"{status.share:.0%}  {status.training}"))]
    facts += [("latest" if index == 0 else "", Said(line)) for index, line in enumerate(reversed(status.latest))]
    lines = [_labelled(label, value, language) for label, value in facts]
    table = place_table(rows, language) if len(rows) > 1 else []
    return "\n".join([_first(status, searcher, end)[language], *lines, *([""] if table else []), *table])


def _first(status: Status, searcher: str | None, end: End | None) -> Said:
    """Whether a search is under way; of one that is not, how long ago it stopped, and why."""
    if searcher:
        return say("places.searching", searcher=searcher)
    ago = clock(max(0.0, time.time() - status.updated))
    if end and end.started == status.started:
        return say("places.stopped", ago=ago, reason=end.reason)
    return say("places.seen", ago=ago)


def _labelled(label: str, value: Said, language: str) -> str:
    name = say(f"places.{label}")[language] if label else ""
    return f"{set_cell_size(name, 11)}{value[language]}"
