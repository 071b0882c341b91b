"""What a proposal looks like on the desk: the reason, the expected scores, the checks and the change."""

from difflib import SequenceMatcher
from typing import Literal

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Line

from agent.comparison import estimate
from agent.history import History
from agent.patch import unified_diff
from agent.record import PROPOSED_SECTIONS, Run, Text

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, Language] = ("en", "zh")
WIDE = 150  # columns from which two files fit side by side
DIFF_LINES = 24  # of the change that a card shows at least

WORDS = {
    "keys": Text(
        "a approve  e edit  r reject  s skip  d whole diff  f full file  l 中文  q quit",
        "a 批准  e 编辑  r 拒绝  s 跳过  d 完整差异  f 完整文件  l English  q 退出",
    ),
    "remark": Text("A remark, or nothing:", "备注（可留空）："),
    "reason": Text("Why not? The next proposals learn from it:", "拒绝的理由（供后续提案参考）："),
    "reason needed": Text("Not rejected: a reason is needed.", "未拒绝：需要给出理由。"),
    "left": Text("what was not decided waits: python -m agent review", "未决定的提案已保留：python -m agent review"),
    "unchanged": Text("Nothing was changed.", "没有改动。"),
    "edited": Text("Your version passed the checks and replaces the proposal.", "你的版本通过了检查，已替换原提案。"),
    "refused": Text("Your version was refused, the proposal stays as it was:", "你的版本未通过检查，提案保持不变："),
    "from": Text("from", "基于"),
    "by": Text("by", "作者"),
    "observations": Text("Observations", "观察"),
    "issues": Text("Issues in the code", "代码问题"),
    "reasoning": Text("Why this change", "改动理由"),
    "expected": Text("Expected", "预期"),
    "task": Text("task", "任务"),
    "predicted": Text("predicted", "预测"),
    "parent": Text("parent", "父变体"),
    "best": Text("best", "最佳"),
    "noise": Text("noise", "噪声"),
    "checks": Text("checks passed", "已通过检查"),
    "time": Text("expected time", "预计用时"),
    "more": Text("more lines: d", "行未显示：按 d"),
    "root": Text("(no parent)", "（无父变体）"),
}


def words(language: Language, key: str) -> str:
    return str(getattr(WORDS[key], language))


def card(run: Run, history: History, language: Language, width: int, height: int) -> RenderableType:
    """The whole card of a waiting run for a screen of so many columns and lines."""
    proposal = run.proposal
    origin = " + ".join(proposal.parents) or words(language, "root")
    head: list[RenderableType] = [
        Rule(Line(proposal.name, style="bold"), align="left"),
        Line(getattr(proposal.title, language), style="bold"),
        Line(f"{words(language, 'from')} {origin}  {words(language, 'by')} {proposal.author}", style="dim"),
    ]
    reasons: list[RenderableType] = [
        Line.assemble((f"{words(language, section)}\n", "underline"), getattr(proposal.argument[section], language))
        for section in PROPOSED_SECTIONS
        if section in proposal.argument
    ]
    change = full_diff(run, history, width, max(DIFF_LINES, height // 2), words(language, "more"))
    return Group(*head, *reasons, _scores(run, history, language), _facts(run, history, language), change)


def full_diff(run: Run, history: History, width: int, limit: int | None = None, more: str = "") -> RenderableType:
    """The change against the parent: side by side where the screen is wide, else unified; `limit` cuts it."""
    parent = history.find(run.proposal.parents[0]) if run.proposal.parents else None
    old, name = (parent.proposal.source, parent.name) if parent else ("", "")
    if width >= WIDE and old:
        return _side_by_side(old.splitlines(), run.proposal.source.splitlines(), limit, more)
    styles = {"+": "green", "-": "red", "@": "cyan"}
    lines = unified_diff(old, run.proposal.source, name, run.name).splitlines()
    shown = [Line(line, style=styles.get(line[:1], ""), overflow="fold") for line in lines[:limit]]
    rest = len(lines) - len(shown)
    return Group(*shown, *([Line(f"… {rest} {more}", style="dim")] if rest else []))


def _side_by_side(old: list[str], new: list[str], limit: int | None, more: str) -> RenderableType:
    """Changed lines with a little of what stands around them, the old on the left."""
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_column(ratio=1, overflow="fold")
    rows: list[tuple[Line, Line]] = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(2):
        rows.append((Line(f"@@ {group[0][1] + 1}", style="cyan"), Line(f"@@ {group[0][3] + 1}", style="cyan")))
        for tag, a, b, c, d in group:
            left, right = old[a:b], new[c:d]
            for index in range(max(len(left), len(right))):
                rows.append(
                    (
                        _side(left, index, "red" if tag != "equal" else "dim"),
                        _side(right, index, "green" if tag != "equal" else "dim"),
                    )
                )
    for left_line, right_line in rows[:limit]:
        grid.add_row(left_line, right_line)
    rest = len(rows) - len(rows[:limit])
    return Group(grid, *([Line(f"… {rest} {more}", style="dim")] if rest else []))


def _side(lines: list[str], index: int, style: str) -> Line:
    return Line(lines[index], style=style) if index < len(lines) else Line("")


def _scores(run: Run, history: History, language: Language) -> RenderableType:
    """Each task's predicted score beside the parent's and the best, with the noise of the parent's score."""
    parent = history.find(run.proposal.parents[0]) if run.proposal.parents else None
    best = history.best
    table = Table(box=None, pad_edge=False, show_header=True)
    table.add_column(words(language, "task"))
    for title in ("predicted", "parent", "best", "noise"):
        table.add_column(words(language, title), justify="right")
    for task, predicted in run.proposal.predicted.items():
        cells = [f"{predicted:.3f}"]
        cells += [f"{known.card.scores[task]:.3f}" if known and known.card else "" for known in (parent, best)]
        error = estimate(parent.card.tasks[task], history.noise).error if parent and parent.card else float("inf")
        table.add_row(task, *cells, f"±{error:.3f}" if error < float("inf") else "?")
    return table


def _facts(run: Run, history: History, language: Language) -> RenderableType:
    seconds = [other.card.seconds for other in history.scored if other.card]
    checks = "✓ " + words(language, "checks") if run.signature else ""
    minutes = f"{words(language, 'time')} {sum(seconds) / len(seconds) / 60:.1f} min" if seconds else ""
    return Line("  ".join(part for part in (checks, minutes) if part), style="dim")
