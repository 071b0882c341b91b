"""What a waiting proposal looks like: the reason, the expected scores, the checks, the cost and the change."""

from collections.abc import Iterator
from statistics import median

from pygments.token import Comment, Keyword, Name, Number, String, Token
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.table import Table
from rich.text import Text as Line

from agent.core.run import Run, Section
from agent.core.text import clean, say
from agent.desk.diff import WIDE, count_changes, render_diff
from agent.desk.scores import legend, render_scores
from agent.desk.words import words
from agent.science.history import History, card_of
from agent.store.status import clock

HEADING = "bold cyan"
ORDER: tuple[Section, ...] = ("reasoning", "issues", "observations", "expected")
# The terminal's own colours, of those that can be read on a dark ground and on a light one.
CODE = ANSISyntaxTheme(
    {
        Token: Style(),
        Comment: Style(dim=True),
        Keyword: Style(color="magenta"),
        String: Style(color="green"),
        Number: Style(color="cyan"),
        Name.Function: Style(bold=True),
    }
)


def render_card(run: Run, history: History, language: str, width: int, dollars: float = 0.0) -> RenderableType:
    """The whole card, for so many columns; `dollars` is what the model has cost so far."""
    head, change = _head(run, language), Group(*_changes(run, history, language, width))
    numbers = Group(*_numbers(run, history, language, width if width < WIDE else width // 2 - 2, dollars))
    why, issues, seen, expected = (Group(*_section(run, language, section)) for section in ORDER)
    if width < WIDE:
        return Group(head, why, numbers, change, issues, seen, expected)
    return Group(head, _beside(Group(why, issues), numbers), change, _beside(seen, expected))


def _beside(left: RenderableType, right: RenderableType) -> RenderableType:
    sides = Table.grid(padding=(0, 2), expand=True)
    sides.add_column(ratio=1)
    sides.add_column(ratio=1)
    sides.add_row(left, right)
    return sides


def render_file(run: Run, language: str) -> RenderableType:
    """The whole variant file with its line numbers."""
    code = Syntax(clean(run.proposal.source), "python", theme=CODE, line_numbers=True, word_wrap=True)
    return Group(_heading(words(language, "whole")), code)


def _head(run: Run, language: str) -> RenderableType:
    proposal = run.proposal
    origin = " + ".join(proposal.parents) or words(language, "root")
    by = f"{words(language, 'by')} {proposal.author}"
    if proposal.editor:
        by += f", {words(language, 'edited by')} {proposal.editor}"
    facts = (by, run.id, f"{words(language, 'protocol')} {run.protocol}")
    return Group(
        Line(clean(proposal.title[language]), style="bold"),
        Line(clean(f"{words(language, 'from')} {origin}"), style="dim"),
        Line(clean(" · ".join(facts)), style="dim"),
    )


def _section(run: Run, language: str, section: Section) -> Iterator[RenderableType]:
    """A part of the argument with its heading; nothing where there is none."""
    if section in run.proposal.argument:
        yield _heading(words(language, section))
        yield from _paragraphs(clean(run.proposal.argument[section][language]))


def _paragraphs(text: str) -> Iterator[RenderableType]:
    """Lines with their bullets hanging."""
    for line in text.strip().split("\n"):
        bullet, content = (line[:2], line[2:]) if line[:2] in ("• ", "- ", "* ") else ("", line)
        if not bullet:
            yield Line(content)
            continue
        row = Table.grid(expand=True)
        row.add_column(width=2)
        row.add_column(ratio=1, overflow="fold")
        row.add_row(bullet, Line(content))
        yield row


def _numbers(run: Run, history: History, language: str, width: int, dollars: float) -> Iterator[RenderableType]:
    """Scores, checks and cost."""
    yield _heading(words(language, "scores"))
    yield render_scores(run, history, language, width)
    if run.proposal.predicted:
        yield legend(language)
    else:
        yield Line(words(language, "no prediction"), style="dim")
    if run.proposal.editor:
        yield Line(words(language, "of the unedited"), style="dim")
    if history.best is not None:
        yield Line(f"{words(language, 'best is')}{history.best.name}", style="dim")
    checks = Line.assemble(("✓ ", "green"), words(language, "check list")) if run.signature else Line("–")
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style=HEADING, no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row(words(language, "checks"), checks)
    facts.add_row(words(language, "cost"), cost_of(run, history, language, dollars))
    yield Padding(facts, (1, 0, 0, 0))


def cost_of(run: Run, history: History, language: str, dollars: float = 0.0) -> str:
    """What the search has used, and how long this run will take: about as long as its parent."""
    scored = history.scored
    if not scored:
        return words(language, "unknown time")
    parent = history.parent(run.proposal)
    seconds = [card_of(other).seconds for other in scored]
    expected = card_of(parent).seconds if parent else median(seconds)
    used = words(language, "used", runs=say("count.runs", count=len(scored)), time=clock(sum(seconds)))
    money = f" · ${dollars:.2f}" if dollars else ""
    return f"{used}{money} · {words(language, 'this one')} {clock(expected)}"


def _changes(run: Run, history: History, language: str, width: int) -> Iterator[RenderableType]:
    """What changes against the parent; before it, what the person changed of the proposal."""
    proposal = run.proposal
    if proposal.unedited:
        yield _change_heading(words(language, "yours"), "", proposal.unedited, proposal.source)
        yield render_diff(proposal.unedited, proposal.source, width)
    parent = history.parent(proposal)
    old = parent.proposal.source if parent else ""
    yield _change_heading(
        words(language, "diff"),
        f"{words(language, 'against the parent')} {parent.name}" if parent else "",
        old,
        proposal.source,
    )
    yield render_diff(old, proposal.source, width)


def _change_heading(title: str, against: str, old: str, new: str) -> RenderableType:
    """A title, how many lines come and go, and what is changed."""
    added, gone = count_changes(old, new)
    heading = _heading(title)
    heading.append(f"  +{added}", style="not bold green").append(f" −{gone}", style="not bold red")
    return heading.append(f"  {against}" if against else "", style="not bold dim default")


def _heading(title: str) -> Line:
    return Line(f"\n{title}", style=HEADING)
