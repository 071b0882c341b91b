"""The command line: verbs become calls, and what happened becomes an exit code."""

import signal
import sys
from collections.abc import Callable

import typer

from agent.errors import INTERRUPTED, DeltaSearchError
from agent.invocation import command
from agent.streams import settle
from agent.verbs import evaluating, keeping, reading, reporting, reviewing, searching

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.callback()
def deltasearch() -> None:
    """Search for better DeltaNet token mixers."""


VERBS: dict[Callable[..., None], str] = {
    searching.search: "search --hours 8",
    reviewing.propose: 'propose --idea "value_skip"',
    reviewing.review: "review",
    evaluating.evaluate: "evaluate baselines/gated_delta_net.py --protocol quick",
    reading.table: "table --csv > scores.csv",
    reading.status: "status",
    reading.show: "show delta_net_4layer --lang zh",
    reading.diff: "diff delta_net_4layer gated_delta_net_4layer",
    reading.log: "log",
    reporting.report: "report --serve --open",
    keeping.import_notes: "import old_notes/*.txt",
    keeping.rebuild: "rebuild",
    keeping.doctor: "doctor",
}
for verb, example in VERBS.items():
    name = "import" if verb is keeping.import_notes else verb.__name__
    app.command(name, epilog=f"Example: {command(example)}")(verb)


def main() -> None:
    """Run a verb. An error that has a remedy is one line and an exit code, never a traceback."""
    settle()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to be stopped is to be interrupted
    try:
        app()
    except DeltaSearchError as error:
        if error.detail:
            print(error.detail.rstrip(), file=sys.stderr)
        print(f"deltasearch: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            print("deltasearch: interrupted; no worker is left", file=sys.stderr)
        raise
