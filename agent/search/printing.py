"""What an evaluation looks like on the screen: a live line while it runs, its scores at the end."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from agent.core.reason import Reason
from agent.core.score import ScoreCard, TaskScore
from agent.evaluator.progress import Meter, Update
from agent.evaluator.protocol import Protocol, Replica
from agent.science.capacity import HELD, pairs_held, pairs_points
from agent.science.estimate import estimate
from agent.science.noise import read_noise
from agent.science.setting_noise import Noise
from agent.science.text_words import text_lines
from agent.store.status import clock

SECONDS_BETWEEN_LINES = 10.0

Watch = Callable[[Update], None]


@contextmanager
def watching(protocol: Protocol) -> Iterator[Watch]:
    """Show an evaluation's progress on standard error: a bar on a terminal, now and then a plain line elsewhere."""
    meter = Meter(protocol)
    console = Console(stderr=True)
    if sys.stderr.isatty() and not console.is_dumb_terminal:
        with _bar(meter, console) as watch:
            yield watch
    else:
        yield _lines(meter)


@contextmanager
def _bar(meter: Meter, console: Console) -> Iterator[Watch]:
    columns = (BarColumn(24), TextColumn("{task.percentage:>3.0f}%"), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("starting the workers", total=1.0)

        def watch(update: Update) -> None:
            replica = meter.add(update)
            if replica:
                progress.update(bar, completed=meter.fraction, description=describe(replica, update, meter))

        yield watch


def _lines(meter: Meter) -> Watch:
    last = time.monotonic() - SECONDS_BETWEEN_LINES

    def watch(update: Update) -> None:
        nonlocal last
        replica = meter.add(update)
        if replica and time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(f"{meter.fraction:4.0%}  {describe(replica, update, meter)}", file=sys.stderr, flush=True)

    return watch


def describe(replica: Replica, update: Update, meter: Meter) -> str:
    """The latest validation in one line: task, step, loss, accuracy, time left."""
    left = meter.seconds_left
    remaining = f", {clock(left)} left" if left is not None else ""
    return (
        f"{replica.setting.task} V{replica.setting.vocab} L{replica.setting.length}, "
        f"step {update.step}/{replica.steps}, "
        f"loss {update.loss:.3f}, accuracy {update.accuracy:.3f}{remaining}"
    )


def print_card(card: ScoreCard) -> None:
    """The scores with 95 percent of their noise, and what the variant costs."""
    noise = read_noise(card.fingerprint)
    table = Table(box=None, pad_edge=False)
    for title in ("task", "score", "± 95%", "settings", "seeds", "plain"):
        table.add_column(title, justify="left" if title == "task" else "right")
    for task, score in card.tasks.items():
        table.add_row(*_cells_of(task, score, noise))
    if card.tasks:
        table.add_row("average", f"{card.average:.4f}", "", "", "", "")
    for task, score in card.further.items():
        table.add_row(*_cells_of(task, score, noise))
    console = fitting_console()
    console.print(table)
    for task, score in card.tasks.items():
        for times, micro in score.longer.items():
            console.print(f"{task} on sequences {times} times as long: {micro:.4f} plain")
    points = pairs_points(card, None)
    for point in points:
        console.print(f"recall of {point.pairs} pairs: {point.mine:.4f} plain")
    if points:
        held = pairs_held({point.pairs: point.mine for point in points})
        console.print(f"pairs held at {HELD:g}: {'at least ' if held.at_least else ''}{held.pairs:.1f}")
    for line in text_lines(card.text) if card.text else ():
        console.print(line["en"])
    console.print(
        f"protocol {card.protocol} ({card.fingerprint}), test seed {card.test_seed}, {card.device}, "
        f"{clock(card.seconds)}\n{card.parameters:,} parameters, a state of {card.state_size:,} numbers"
        f"{f' ({card.state_bytes:,} bytes)' if card.state_bytes is not None else ''}, "
        f"{f'{card.flops:,.0f} operations a token, ' if card.flops is not None else ''}"
        f"{card.speed.op:,.0f} tokens/s through the op: {card.speed.ratio:.2f} of the baseline's"
    )
    for remark in card.remarks:
        console.print(f"remark: {Reason(remark)}")


def _cells_of(task: str, score: TaskScore, noise: Mapping[str, Noise]) -> tuple[str, ...]:
    """A line of the table of scores."""
    width = estimate(score, noise).half_width
    micro = sum(seed.micro for seed in score.seeds) / len(score.seeds)
    spread = f"{width:.4f}" if width < float("inf") else "?"
    return task, f"{score.mean:.4f}", spread, str(len(score.by_setting)), str(len(score.seeds)), f"{micro:.4f}"


def fitting_console() -> Console:
    """Standard output, as wide as its terminal, or wide enough for a table where there is none."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False)


def print_diff(diff: str) -> None:
    """A unified diff, coloured on a terminal."""
    styles = {"+": "green", "-": "red", "@": "cyan"}
    console = fitting_console()
    for line in diff.splitlines():
        console.print(
            Text(line, style="bold" if line[:3] in ("+++", "---") else styles.get(line[:1], "")), soft_wrap=True
        )
