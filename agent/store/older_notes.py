"""Notes and tables in the older text format, read as history.

A note is a table as pandas prints it, the time, `--- Insights ---`, and sections headed in English, Chinese or both. A
table alone is CSV: the name, then the six tasks. What is missing or torn off at an end is passed over with a warning;
what contradicts itself is refused, with its line.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.core.errors import UsageError
from agent.core.run import OlderNote, Section
from agent.core.score import MAD_TASKS
from agent.store.printed_table import is_cut, unwrapped

MARKER = "--- Insights ---"
STAMP = re.compile(r"\d{8}_\d{6}")
ROW = re.compile(
    r"^\s*(?:(?P<place>\d+)\s+(?P<name>\w+)(?P<scores>(?:\s+\S+)*)|(?P<own>[A-Za-z_]\w*)(?P<alone>(?:\s+[\d.]\S*)+))\s*$"
)
NUMBER = re.compile(r"[01](?:\.\d+)?(?:e-?\d+)?")

# What a section's heading begins with, whatever else stands on its line.
HEADINGS: tuple[tuple[Section, tuple[str, ...]], ...] = (
    ("observations", ("Key Observations", "实验结果的关键观察", "关键观察")),
    ("issues", ("Specific Code Issues", "发现的具体代码问题", "具体代码问题")),
    ("reasoning", ("Technical Reasoning", "拟议变更的技术理由", "技术理由")),
    ("expected", ("Expected Improvements", "预期改进")),
    ("outcome", ("Outcome against Expectation", "结果与预期对照")),
    ("lessons", ("Lessons from Historical", "历史尝试的经验教训", "经验教训")),
)


def read_all(paths: Iterable[Path]) -> tuple[OlderNote, ...]:
    """Read files, all of them before anything is done with one. Raises UsageError for the first that is malformed."""
    notes = tuple(read_older(path) for path in paths)
    seen: set[str] = set()
    for note in notes:
        if note.id in seen:
            raise UsageError(f"two of the files are of {note.id}: give each once")
        seen.add(note.id)
    return notes


def read_older(path: Path) -> OlderNote:
    """Read one note or table. UsageError with the file, the line and why if it is malformed."""
    text = _read(path)
    if path.suffix == ".csv":
        return OlderNote(_plain_name(path), _csv(path, text), {}, "", ())
    above, marker, insights = text.partition(MARKER)
    warnings = []
    table = dict(_rows(path, above, torn=not marker))
    stamp = STAMP.search(above) or STAMP.search(path.stem)
    if not table:
        warnings.append("it has no table")
    if not marker:
        warnings.append(f"it has no line {MARKER}: no insights were read")
    elif not insights.strip():
        warnings.append("nothing follows after the insights' heading")
    if not (table or insights.strip()):
        raise UsageError(f"{path}: neither a table of scores nor insights; is this a note in the older format?")
    if stamp is None:
        warnings.append("no time like 20250616_174156 in it or in its name: its name stands for it")
    sections = _sections(insights)
    missing = [section for section, _ in HEADINGS if section not in sections and section != "outcome"]
    if insights.strip() and missing:
        warnings.append(f"sections not found: {', '.join(missing)}")
    return OlderNote(
        stamp[0] if stamp else _plain_name(path), table, sections, insights.strip() + "\n", tuple(warnings)
    )


def _plain_name(path: Path) -> str:
    """The file's name as the name of a folder, which is not the one above."""
    return re.sub(r"[^\w-]+", "_", path.stem).strip("_") or "note"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}, line {line}: not UTF-8 text") from error


def _rows(path: Path, text: str, torn: bool) -> Iterator[tuple[str, dict[str, float]]]:
    """The rows of a printed table. The last line of a `torn` file is left out unless it is whole."""
    lines = unwrapped(text.rstrip().split("\n"))
    header = next((number for number, line in enumerate(lines) if sum(task in line for task in MAD_TASKS) > 1), None)
    if header is None or (torn and header == len(lines) - 1):
        return
    titles = re.split(r"\s{2,}", lines[header].strip())
    columns = titles[1:] if len(titles) > len(MAD_TASKS) and titles[0] not in MAD_TASKS else titles
    cut = next((number for number in range(header, len(lines)) if is_cut(lines[number])), None)
    if cut is not None:
        raise UsageError(
            f"{path}, line {cut + 1}: columns or rows were left out where it says ...: print the table whole, with "
            "print(table.to_string()), or import it as CSV"
        )
    if sorted(columns) != sorted(MAD_TASKS):
        raise UsageError(
            f"{path}, line {header + 1}: the columns are {', '.join(columns)}; they should be {', '.join(MAD_TASKS)}"
        )
    seen: dict[str, dict[str, float]] = {}
    for number, line in enumerate(lines[header + 1 :], header + 2):
        found = ROW.match(line)
        if not line.strip() or STAMP.fullmatch(line.strip()):
            continue
        where = f"{path}, line {number}"
        cells = (found["scores"] or found["alone"] or "").split() if found else []
        if torn and number == len(lines) and (len(cells) < len(columns) or len(cells[-1]) < len(cells[0])):
            return
        if found is None:
            raise UsageError(f"{where}: no row of a table: {line.strip()[:60]!r}")
        yield from _row(where, seen, found["name"] or found["own"], columns, cells)


def _row(
    where: str, seen: dict[str, dict[str, float]], name: str, columns: list[str], cells: list[str]
) -> Iterator[tuple[str, dict[str, float]]]:
    """A row, unless the table has it already."""
    if len(cells) != len(columns):
        raise UsageError(f"{where}: {name} has {len(cells)} scores, not {len(columns)}")
    scores = {}
    for task, cell in zip(columns, cells, strict=True):
        if not NUMBER.fullmatch(cell) or not 0 <= float(cell) <= 1:
            raise UsageError(f"{where}: {name}, {task}: {cell!r} is no score between 0 and 1")
        scores[task] = float(cell)
    if seen.get(name, scores) != scores:
        raise UsageError(f"{where}: {name} stands here a second time, with other scores")
    seen[name] = scores
    yield name, {task: scores[task] for task in MAD_TASKS}


def _csv(path: Path, text: str) -> dict[str, dict[str, float]]:
    first = text.partition("\n")[0]
    separator = next((mark for mark in ",;\t" if first.count(mark) >= len(MAD_TASKS)), ",")
    lines = list(csv.reader(text.splitlines(), delimiter=separator))
    if not lines or sorted(lines[0][1:]) != sorted(MAD_TASKS):
        has = f"; they are {', '.join(lines[0])}" if lines else ""
        raise UsageError(f"{path}, line 1: the columns should be the name and then {', '.join(MAD_TASKS)}{has}")
    seen: dict[str, dict[str, float]] = {}
    table: dict[str, dict[str, float]] = {}
    for number, cells in enumerate(lines[1:], 2):
        if cells:
            table |= dict(_row(f"{path}, line {number}", seen, cells[0], lines[0][1:], cells[1:]))
    return table


def _sections(insights: str) -> dict[str, str]:
    """The text under each heading that is known; a heading in a second language directly below belongs to it."""
    sections: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in insights.strip().split("\n"):
        section = _heading(line)
        if section is not None:
            current = sections.setdefault(section, [])
        elif current is not None:
            current.append(line.rstrip())
    return {section: "\n".join(lines).strip() for section, lines in sections.items()}


def _heading(line: str) -> Section | None:
    """The section that a line heads; None for any other line."""
    line = line.strip().lstrip("#* ").rstrip("* ")
    if line.startswith(("•", "-", "–")):
        return None
    return next((section for section, starts in HEADINGS if line.startswith(starts)), None)
