"""The pictures of docs/review.md, drawn as the desk draws its screen; `make screenshots` makes them with the report's.

The scores are those of baselines/measured/quick.csv and the proposals are what the catalogue makes of them; that a
training takes 2:15 is made up.
"""

import csv
import html
import io
import re
import tempfile
from pathlib import Path
from random import Random

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme

from agent.core.baselines import GATED, TEMPLATE, baseline_path, moves_of
from agent.core.resources import MEASURED
from agent.core.run import BASELINE, Proposal, Run
from agent.core.score import ScoreCard, SeedScore, Speed, TaskScore
from agent.core.text import Text
from agent.desk.interface import UserInterface
from agent.desk.keys import RunView
from agent.desk.terminal import Terminal
from agent.evaluator.protocols import QUICK
from agent.search.assembly import make_catalogue
from agent.store.workspace import Workspace

PICTURES: tuple[tuple[str, int, int, str, TerminalTheme], ...] = (
    ("review.svg", 170, 56, "en", SVG_EXPORT_THEME),
    ("review_narrow.svg", 80, 24, "en", DEFAULT_TERMINAL_THEME),
    ("review_zh.svg", 80, 24, "zh", SVG_EXPORT_THEME),
)
MOVE = "two_householder_steps"
SECONDS = 135.0
WIDTH = re.compile(r'textLength="(?P<width>[0-9.]+)"(?P<between>[^>]*)>(?P<text>[^<]+)<')
# A page of documentation loads nothing from elsewhere.
STYLE = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


class Paper(Terminal):
    """A terminal that is only written to, of a fixed size."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self.console = Console(
            width=width, height=height, record=True, file=io.StringIO(), force_terminal=True, color_system="standard",
            highlight=False,
        )  # fmt: skip

    def draw(self, lines: list[list[Segment]]) -> None:
        frame = [segment for line in lines for segment in (*line, Segment("\n"))]
        self.console.print(Segments(frame), end="", soft_wrap=True)


def example(root: Path) -> tuple[Workspace, Run]:
    """A workspace with two scored systems, and a proposal that waits."""
    workspace = Workspace(root)
    for name in (TEMPLATE, GATED):
        source = baseline_path(name).read_text(encoding="utf-8")
        proposal = Proposal(name, source, BASELINE, Text(name, name), moves=moves_of(name))
        workspace.create(proposal, QUICK.name, QUICK.fingerprint, "evaluated", card=measured(name))
    history = workspace.history()
    parent = history.find(TEMPLATE)
    assert parent is not None
    proposal = make_catalogue().propose(history, parent, Random(0), MOVE)
    return workspace, workspace.create(proposal, QUICK.name, QUICK.fingerprint, signature=(1.0,))


def measured(name: str) -> ScoreCard:
    """The published scores of a known system."""
    with (MEASURED / "quick.csv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["variant"] == name]
    tasks: dict[str, list[SeedScore]] = {}
    for row in rows:
        macro, micro, last = (float(row[field]) for field in ("macro", "micro", "macro_last"))
        seed = SeedScore(
            row["task"], row["setting"], int(row["seed"]), macro, micro, last, 0.0, 0.0, row["ending"], 0, 0
        )  # fmt: skip
        tasks.setdefault(seed.task, []).append(seed)
    scores = {task: TaskScore(task, tuple(seeds)) for task, seeds in tasks.items()}
    return ScoreCard("quick", QUICK.fingerprint, scores, 0, 0, Speed(1.0, 1.0), "cpu", {}, 1, SECONDS)


def draw(workspace: Workspace, run: Run, width: int, height: int, language: str, theme: TerminalTheme) -> str:
    """The screen as SVG."""
    ui = UserInterface(workspace, language, terminal=Paper(width, height), count=1, counted=float("inf"))
    view = RunView(ui, run, lambda run, reply: run, lambda: 0.0)
    view.draw()
    picture = ui.terminal.console.export_svg(
        title="python -m agent review", theme=theme, code_format=STYLE, unique_id="review"
    )
    return WIDTH.sub(_as_wide_as_on_a_terminal, picture)


def _as_wide_as_on_a_terminal(found: re.Match[str]) -> str:
    """Rich gives a text the room of so many narrow letters, into which Chinese would be squeezed."""
    text = html.unescape(found["text"])
    width = float(found["width"]) / len(text) * cell_len(text)
    return f'textLength="{width:g}"{found["between"]}>{found["text"]}<'


def draw_desk(folder: Path) -> None:
    """All of them into a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        workspace, run = example(Path(scratch))
        for name, *how in PICTURES:
            (folder / name).write_text(draw(workspace, run, *how), encoding="utf-8")  # type: ignore[arg-type]
