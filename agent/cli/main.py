"""The command line: verbs become calls, and what happened becomes an exit code."""

import signal
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from agent import __version__
from agent.cli import adapt, check, confirm, evaluate, export, maintain, read, report, review, search, verify
from agent.core.errors import INTERRUPTED, DeltaSearchError
from agent.core.invocation import command, settle
from agent.core.text import clean

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


def print_version(wanted: bool) -> None:
    """Print the version and end, if that was asked for."""
    if wanted:
        typer.echo(f"deltasearch {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")]


@app.callback()
def deltasearch(version: Version = False) -> None:
    """Search for better DeltaNet token mixers."""


VERBS: dict[Callable[..., None], str] = {
    search.search: "search --hours 8",
    review.propose: 'propose --idea "value_skip"',
    review.review: "review",
    check.check: "check my_mixer.py",
    adapt.adapt: "adapt fla/ops/kda/naive.py",
    confirm.confirm: "confirm",
    verify.verify: "verify value_skip --with template,best",
    evaluate.evaluate: "evaluate gated_delta_net_4layer --protocol quick",
    read.table: "table --csv > scores.csv",
    read.status: "status",
    read.show: "show delta_net_4layer --lang zh",
    read.diff: "diff delta_net_4layer gated_delta_net_4layer",
    read.log: "log",
    report.report: "report --serve --open",
    export.export: "export tensorboard runs/tensorboard",
    maintain.import_notes: "import old_notes/*.txt",
    maintain.rebuild: "rebuild",
    maintain.doctor: "doctor",
}
for verb, example in VERBS.items():
    name = "import" if verb is maintain.import_notes else verb.__name__
    app.command(name, epilog=f"Example: {command(example)}")(verb)


def main() -> None:
    """Run a verb. An error that has a remedy is one line and an exit code, never a traceback."""
    settle()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to be stopped is to be interrupted
    try:
        app()
    except DeltaSearchError as error:
        if error.detail:
            print(clean(error.detail).rstrip(), file=sys.stderr)
        print(f"deltasearch: {clean(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            print("deltasearch: interrupted; no worker is left", file=sys.stderr)
        raise
