"""The command line: verbs become calls, and what happened becomes an exit code."""

import json
import signal
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from agent.errors import INTERRUPTED, DeltaSearchError, UsageError
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import choose_protocol
from agent.evaluator.variant import read_declaration
from agent.workspace import Workspace

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.callback()
def deltasearch() -> None:
    """Search for better DeltaNet token mixers."""


@app.command(epilog="Example: python -m agent evaluate baselines/gated_delta_net.py --protocol quick")
def evaluate(
    file: Annotated[Path, typer.Argument(help="The variant: a Python file with delta_rule_chunkwise.")],
    protocol: Annotated[
        str | None, typer.Option(help="smoke, quick, mad or mad-grid; default: mad on a GPU, quick without one.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Add the scores to results.csv under this name.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="Score only this task; may be given again.")] = None,
    cut: Annotated[bool, typer.Option("--cut/--no-cut", help="Give up hopeless points of a grid early.")] = True,
    test_seed: Annotated[int | None, typer.Option(help="Draw the test from this seed, not a new secret one.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda; default: a GPU where there is one.")] = None,
    workspace: Annotated[Path, typer.Option(help="Where results.csv and runs/ are.")] = Path("."),
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole score card as JSON.")] = False,
) -> None:
    """Train and score one variant file."""
    # Importing torch takes a second: what can be refused without it is refused at once.
    read_declaration(file)
    chosen = _protocol(protocol, device)
    chosen = chosen.only(tuple(task)) if task else chosen
    chosen = chosen if cut else replace(chosen, cut=None)
    if name is not None:
        if task:
            raise UsageError("a row of results.csv needs all six tasks: leave out --task or --name")
        Workspace(workspace).check_new(name, chosen.name, chosen.fingerprint)

    from agent.evaluator.evaluation import evaluate
    from agent.terminal import print_card, watching

    with watching(chosen) as watch:
        card = evaluate(file, chosen, device, test_seed, watch)
    if as_json:
        json.dump(asdict(card) | {"scores": card.scores, "average": card.average}, sys.stdout, indent=1)
        print()
    else:
        print_card(card)
    if name is not None:  # last, so that a disk that is full by now costs the row alone
        Workspace(workspace).add_row(name, card)


def _protocol(name: str | None, device: str | None) -> Protocol:
    if name is not None:
        return choose_protocol(name, device or "cpu")
    from agent.evaluator.evaluation import choose_device  # torch alone knows whether there is a GPU

    return choose_protocol(None, choose_device(device))


def main() -> None:
    """Run a verb. An error that has a remedy is one line and an exit code, never a traceback."""
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
