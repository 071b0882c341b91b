"""results.csv: exactly what pandas.read_csv(..., index_col=0) expects, and nothing else."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from agent.core.invocation import command
from agent.core.run import Run
from agent.core.score import MAD_TASKS
from agent.science.history import History, card_of
from agent.store.files import reading

Lines = dict[str, tuple[Run, float, list[str]]]  # run id -> the run, when it was evaluated, and its row


def table_text(
    history: History, kept: Mapping[str, Mapping[str, float]] | None = None, lines: Lines | None = None
) -> str:
    """The table of all scored runs in the order of their evaluation; its header alone if there are none.

    Last come the `kept` rows: variant -> task -> score, of runs that cannot be read. `lines` is a memory of rows that
    were made before, which is added to.
    """
    lines = {} if lines is None else lines
    for run in history.scored:
        if (known := lines.get(run.id)) is None or known[0] is not run:
            scores = (f"{score:.6f}" for score in card_of(run).scores.values())
            lines[run.id] = run, run.reached("evaluated") or 0.0, [run.name, *scores]
    scored = sorted((lines[run.id] for run in history.scored), key=lambda line: line[1])
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    tasks = [*(card_of(scored[0][0]).scores if scored else MAD_TASKS)]
    table.writerow(["", *tasks])
    table.writerows(row for _, _, row in scored)
    for name, row in (kept or {}).items():
        if all(task in row for task in tasks):
            table.writerow([name, *(f"{row[task]:.6f}" for task in tasks)])
    return text.getvalue()


def read_table(path: Path) -> dict[str, dict[str, float]]:
    """Variant -> task -> score, in the order of the file; empty where there is none. WorkspaceError if it is torn."""
    again = command("rebuild", path.parent)
    with reading(path, f"close it where it is open, and have it made anew from runs/: {again}"):
        if not path.exists():
            return {}
        with path.open(newline="", encoding="utf-8") as file:
            table = csv.DictReader(file)
            if (table.fieldnames or [""])[0] != "":
                raise ValueError("its first column has a title, which pandas would not write")
            return {row.pop(""): {task: float(score) for task, score in row.items()} for row in table}
