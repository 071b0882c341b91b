"""Verbs that keep a workspace in order, and say what the machine can do."""

import json
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import JsonOption, WorkspaceOption
from agent.core.invocation import HERE
from agent.store.workspace import Workspace


def import_notes(
    files: Annotated[list[Path], typer.Argument(help="Notes or tables in the older text format.")],
    workspace: WorkspaceOption = HERE,
) -> None:
    """Take notes and tables in the older text format in as history: nothing of it unless all of it can be read."""
    from agent.store.older_notes import read_all

    notes = read_all(files)
    home = Workspace(workspace)
    for note in notes:
        home.keep_older(note)
        for warning in note.warnings:
            print(f"{note.id}: {warning}")
    rows = {name for note in notes for name in note.table}
    print(f"imported {len(notes)} files with {len(rows)} variants' scores into {home.root / 'runs' / 'imported'}")


def rebuild(workspace: WorkspaceOption = HERE) -> None:
    """Make results.csv and the lineage anew from runs/."""
    from agent.store.lineage import Lineage

    home = Workspace(workspace)
    with home.locks.searching():
        dropped = home.rebuild()
        history = home.history()
        Lineage(home.root).rebuild(run for run in history.scored if run.stage == "analysed")
    for name in dropped:
        print(f"dropped the row {name}: no run stands behind it")
    print(f"{len(history.scored)} rows in {home.root / 'results.csv'}, made from {len(history.runs)} runs")


def doctor(as_json: JsonOption = False, workspace: WorkspaceOption = HERE) -> None:
    """What this machine can do."""
    from agent.cli.doctor import examine

    findings = examine(workspace)
    if as_json:
        print(json.dumps(findings, indent=1, ensure_ascii=False))
    else:
        for what, finding in findings.items():
            print(f"{what:<12}{finding}")
