"""Verbs that read a workspace and change nothing."""

import csv
import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from agent.cli.options import JsonOption, PrintLangOption, WorkspaceOption
from agent.core.errors import UsageError
from agent.core.invocation import HERE, command
from agent.core.languages import LANGUAGES, check_language
from agent.core.text import ENGLISH
from agent.store.workspace import Workspace

SYNTHESIS = "synthesis"  # a word that names no run


def table(
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a spread beside each score.")] = False,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = HERE,
) -> None:
    """The scores of all runs with their errors, best average first, what failed, controls, and imported scores."""
    from agent.cli.scoreboard import controls_beside, print_scoreboard, references, scoreboard

    home = Workspace(workspace)
    history = home.history()
    entries = scoreboard(history)
    if as_csv:
        _print_csv(entry.flat() for entry in entries)
        return
    entries += [*controls_beside(history), *references(home.older_notes())]
    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], indent=1, ensure_ascii=False))
    else:
        print_scoreboard(entries, workspace)


def status(
    lang: PrintLangOption = ENGLISH,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = HERE,
) -> None:
    """What the search of this workspace is doing at each place, and how busy each was, from another shell."""
    from agent.search.screen import describe_status
    from agent.store.busy import busy_together, read_busy
    from agent.store.status import read_end, read_status

    check_language(lang)
    home = Workspace(workspace)
    now, searcher, end = read_status(home), home.locks.searcher(), read_end(home)
    busy = read_busy(home, now.started, time.time() if searcher else now.updated)
    if as_json:
        shares = {each.place: each.share for each in busy}
        together = busy_together(busy).share if busy else None
        facts = asdict(now) | {"searcher": searcher, "busy_places": shares, "busy_together": together}
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        print(describe_status(now, searcher, end, busy, lang))


def show(
    run: Annotated[
        str, typer.Argument(help="A run's id, its variant's name, the id of an imported note, or synthesis.")
    ],
    lang: Annotated[str, typer.Option(help=f"Print the note in {', '.join(LANGUAGES)} or all.")] = "all",
    as_json: JsonOption = False,
    workspace: WorkspaceOption = HERE,
) -> None:
    """A run's note, or what a model concluded from all of them: synthesis."""
    from pydantic import TypeAdapter

    from agent.analyst.note import ALL, render_note
    from agent.core.run import Run
    from agent.core.text import clean

    lang = {"both": ALL}.get(lang, lang)  # as it was called when there were two
    check_language(lang, ALL)
    home = Workspace(workspace)
    imported = [note for note in home.older_notes() if note.id == run]
    if imported:
        print(json.dumps(asdict(imported[0]), indent=1, ensure_ascii=False) if as_json else clean(imported[0].text))
        return
    if run == SYNTHESIS:
        _show_synthesis(home, lang, as_json)
        return
    found = home.find(run)
    if as_json:
        print(TypeAdapter(Run).dump_json(found, indent=1).decode())
    else:
        print(render_note(home.history(), found, lang))


def _show_synthesis(home: Workspace, lang: str, as_json: bool) -> None:
    """What a model concluded from many results."""
    from agent.analyst.note import ALL
    from agent.core.text import clean
    from agent.store.synthesis import SYNTHESIS_PARTS, heading_of, read_synthesis

    synthesis = read_synthesis(home)
    if synthesis is None:
        raise UsageError(f"{home.root}: no model has read the results together yet; one does so every ten proposals")
    if as_json:
        said = {part: text.words for part, text in synthesis.said.items()}
        print(json.dumps(asdict(synthesis) | {"said": said}, indent=1, ensure_ascii=False))
        return
    for part in SYNTHESIS_PARTS:
        for code in LANGUAGES if lang == ALL else (lang,):
            print(f"{heading_of(part)[code]}\n\n{clean(synthesis.said[part][code])}\n")


def diff(
    a: Annotated[str, typer.Argument(help="A run's id, or its variant's name.")],
    b: Annotated[str, typer.Argument(help="Another run's id, or its variant's name.")],
    workspace: WorkspaceOption = HERE,
) -> None:
    """What changes from one variant's code to another's."""
    from agent.core.text import unified_diff
    from agent.search.printing import print_diff

    home = Workspace(workspace)
    old, new = home.find(a), home.find(b)
    print_diff(unified_diff(old.proposal.source, new.proposal.source, old.name, new.name))


def log(as_json: JsonOption = False, workspace: WorkspaceOption = HERE) -> None:
    """The lineage: each scored variant, the latest first, and what it was made from."""
    from agent.store.lineage import Lineage

    entries = Lineage(workspace).log()
    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], indent=1, ensure_ascii=False))
        return
    if not entries:
        print(f"no variant has a score yet; begin with {command('search', workspace)}")
    for entry in entries:
        origin = f"  <- {' + '.join(entry.parents)}" if entry.parents else ""
        print(f"{entry.commit[:10]}  {entry.average:.4f}  {entry.name}{origin}")


def _print_csv(rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    if rows:
        out = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
