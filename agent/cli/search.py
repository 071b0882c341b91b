"""The loop from the command line."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from agent.cli.options import DeviceOption, LangOption, ProtocolOption, UnsandboxedOption, WorkspaceOption
from agent.core.errors import DeltaSearchError, UsageError
from agent.core.invocation import HERE, command
from agent.core.languages import check_language
from agent.core.run import BASELINE
from agent.core.sentences import counted
from agent.core.text import ENGLISH, Text, say
from agent.science.field import rivals
from agent.science.history import History
from agent.science.summary import summary_of
from agent.search.budget import Ledger, Stop
from agent.search.config import Config, read_config
from agent.store.status import describe_rival, describe_run
from agent.store.workspace import Workspace


def search(
    hours: Annotated[float | None, typer.Option(help="Stop after so many hours.")] = None,
    runs: Annotated[int | None, typer.Option(help="Stop after so many proposals.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Stop when the model has cost so many dollars.")] = None,
    max_failures: Annotated[int | None, typer.Option(help="Stop after so many failures in a row.")] = None,
    protocol: ProtocolOption = None,
    proposer: Annotated[str | None, typer.Option(help="Propose by auto, catalogue or model.")] = None,
    model: Annotated[str | None, typer.Option(help="Ask the language model of this name at its endpoint.")] = None,
    start_from: Annotated[
        str | None,
        typer.Option("--from", help="Start from these alone: names such as kda,gated_delta_net, or files of your own."),
    ] = None,
    places: Annotated[
        int | None, typer.Option(min=1, help="Train so many variants at once. Default: one a GPU, or one on a CPU.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed the random choices: parents and moves.")] = None,
    device: DeviceOption = None,
    cluster: Annotated[
        str | None, typer.Option(help="Train on a Ray cluster: its address, or local to start one here.")
    ] = None,
    review: Annotated[bool, typer.Option("--review", help="Decide yourself, card by card, what is trained.")] = False,
    lang: LangOption = None,
    allow_unsandboxed: UnsandboxedOption = False,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Propose, train, analyse and record variants until the budget ends."""
    flags = {
        "hours": hours, "runs": runs, "max_cost": max_cost, "max_failures": max_failures, "protocol": protocol,
        "proposer": proposer, "model": model, "seed": seed, "device": device, "places": places,
        "start_from": start_from.split(",") if start_from is not None else None,
    }  # fmt: skip
    config = read_config(workspace, flags)
    if lang is not None:
        check_language(lang)
    if cluster is not None and review:
        raise UsageError("--review trains on this machine: leave out --cluster")
    if review:
        stop = _search_with_review(config, Workspace(workspace), allow_unsandboxed, lang, hours)
    else:
        stop = _search(config, Workspace(workspace), allow_unsandboxed, cluster, lang or ENGLISH)
    sys.exit(stop.exit_code)


def _search(config: Config, workspace: Workspace, allow_unsandboxed: bool, cluster: str | None, lang: str) -> Stop:
    """Search, and say at the end what came of it."""
    from agent.evaluator.executor.choice import open_places
    from agent.search.assembly import assemble, require_isolation
    from agent.search.screen import open_screen

    isolation = require_isolation(allow_unsandboxed, config.device)
    places = open_places(cluster, config.device, config.places, allow_unsandboxed)
    with places as executor, open_screen(lang) as screen:
        loop = assemble(config, workspace, isolation, screen, executor)
        with stopping(loop.ledger, screen.warn), telling_why(loop.journal.stopped):
            stop = loop.run()
        loop.journal.stopped(stop.reason)
    print(summarise(workspace.history(), stop, workspace.root))
    return stop


def _search_with_review(
    config: Config, workspace: Workspace, allow_unsandboxed: bool, lang: str | None, hours: float | None
) -> Stop:
    """The same with a person who decides, and who may stay as long as they like unless --hours is given."""
    from agent.desk.terminal import require_terminal

    require_terminal(
        f"search without --review, or propose now ({command('propose', workspace.root)}) and decide by "
        f"{command('review', workspace.root)} --approve or --reject REASON"
    )
    from agent.desk.session import sit_down

    stop = sit_down(config.model_copy(update={"hours": hours}), workspace, allow_unsandboxed, lang, proposes=True)

    print(summarise(workspace.history(), stop, workspace.root))
    return stop


@contextmanager
def telling_why(stopped: Callable[[Text], None]) -> Iterator[None]:
    """What ends a search before its budget does is kept as well, as long as there is time to."""
    try:
        yield
    except KeyboardInterrupt:
        stopped(say("stop.in a step"))
        raise
    except DeltaSearchError as error:
        stopped(say("stop.error", error=error))
        raise


@contextmanager
def stopping(ledger: Ledger, warn: Callable[[str], None]) -> Iterator[None]:
    """Ctrl-C once: the step under way is finished, then the search stops. Twice: it stops now."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        if ledger.interrupted:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt
        ledger.interrupted = True
        warn("stopping after this step; Ctrl-C again stops now")

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def summarise(history: History, stop: Stop, root: Path) -> str:
    """The summary as plain lines, with where to read on."""
    from agent.science.confirmation import standing_of, winner  # numpy takes a moment
    from agent.science.verification_words import verified

    facts = summary_of(history)
    waiting = f", {facts.waiting} waiting for a decision" if facts.waiting else ""
    lines = [
        f"Stopped because {stop.reason[ENGLISH]}.",
        f"{counted(facts.tried, 'proposal')} tried: {facts.kept} better than the template beyond the noise, "
        f"{facts.failed} failed, {facts.rejected} rejected{waiting}.",
    ]
    if facts.best is not None:
        lines.append(f"Best: {describe_run(history, facts.best)}; {standing_of(history, facts.best)[ENGLISH]}")
        lines += [f"      {describe_rival(rival)}" for rival in rivals(history, facts.best)]
    if (won := winner(history)) is not None and won != facts.best:
        lines.append(f"Winner: {describe_run(history, won)}; {standing_of(history, won)[ENGLISH]}")
    for run in history.ranked:
        if run.proposal.author != BASELINE and (shown := verified(history, run)) is not None:
            lines.append(f"Verified: {run.name}: {shown[ENGLISH]}")
    if facts.worth_reading:
        lines.append("Read first:")
    for run in facts.worth_reading:
        lines.append(f"  {root / 'runs' / run.id / 'insights.md'}\n      {describe_run(history, run)}")
    lines.append(f"All scores: {root / 'results.csv'}, with their errors: {command('table', root)}")
    lines.append(f"The report, with every note and curve: {command('report --open', root)}")
    return "\n".join(lines)
