"""Each task's predicted score beside the parent's and the best, with the noise that a difference must get over."""

import math

from rich.table import Table
from rich.text import Text as Line

from agent.core.run import Run
from agent.desk.words import words
from agent.science.estimate import AVERAGE
from agent.science.expectations import Expectation, expectations
from agent.science.history import History

NUMBERS = 60  # columns that the numbers need beside the drawing
LEAST, MOST = 13, 41  # columns of the drawing
PREDICTED, PARENT, BEST, BAND = "●", "│", "◆", "─"


def render_scores(run: Run, history: History, language: str, width: int) -> Table:
    """The table, with a drawing of each line where there is room: how far it lies from the parent."""
    lines = expectations(run, history)
    columns = min(MOST, width - NUMBERS) // 2 * 2 - 1
    reach = max((abs(offset) for line in lines for offset in _offsets(line)), default=0.0)
    drawn = columns >= LEAST and reach > 0
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(words(language, "task"), no_wrap=True)
    for title in ("predicted", "change", "parent", "noise", "best"):
        table.add_column(words(language, title), justify="right", no_wrap=True)
    if drawn:
        table.add_column(_axis(reach, columns), no_wrap=True)
    for line in lines:
        cells = [_number(line.predicted), _change(line), _number(line.parent), _noise(line.noise), _number(line.best)]
        name = words(language, "average") if line.task == AVERAGE else line.task
        drawing = [_draw(line, reach, columns)] if drawn else []
        table.add_row(Line(name), *cells, *drawing, style="bold" if line.task == AVERAGE else "")
    return table


def legend(language: str) -> Line:
    """What the marks of the drawing mean."""
    marks = ((PREDICTED, "predicted"), (PARENT, "parent"), (BAND * 2, "band"), (BEST, "best"))
    return Line("  ".join(f"{mark} {words(language, meaning)}" for mark, meaning in marks), style="dim")


def _number(score: float | None) -> Line:
    return Line("" if score is None else f"{score:.3f}")


def _noise(noise: float) -> Line:
    return Line(f"{noise:.3f}" if math.isfinite(noise) else "?", style="dim")


def _change(line: Expectation) -> Line:
    """Green or red where it would show above the noise, dim where it would not."""
    if line.change is None:
        return Line("")
    return Line(f"{line.change:+.3f}", style=_style(line))


def _style(line: Expectation) -> str:
    if not line.beyond or line.change is None:
        return "dim"
    return "green" if line.change > 0 else "red"


def _offsets(line: Expectation) -> list[float]:
    """Where the marks of a line lie, from its parent."""
    if line.parent is None:
        return []
    marks = [score - line.parent for score in (line.predicted, line.best) if score is not None]
    return marks + ([line.noise] if math.isfinite(line.noise) else [])


def _axis(reach: float, columns: int) -> Line:
    ends = (f"−{reach:.2f}", f"+{reach:.2f}")
    middle = columns - len(ends[0]) - len(ends[1])
    return Line(f"{ends[0]}{'0':^{middle}}{ends[1]}", style="dim")


def _draw(line: Expectation, reach: float, columns: int) -> Line:
    """The parent in the middle with its noise to both sides, the prediction and the best where they lie."""
    if line.parent is None:
        return Line("")
    centre = columns // 2

    def place(offset: float) -> int:
        return centre + round(offset / reach * centre)

    marks: dict[int, tuple[str, str]] = {}
    if math.isfinite(line.noise):
        marks |= dict.fromkeys(range(place(-line.noise), place(line.noise) + 1), (BAND, "dim"))
    marks[centre] = (PARENT, "")
    if line.best is not None:
        marks[place(line.best - line.parent)] = (BEST, "magenta")
    if line.change is not None:
        marks[place(line.change)] = (PREDICTED, _style(line) if line.beyond else "")
    return Line.assemble(*(marks.get(column, (" ", "")) for column in range(columns)))
