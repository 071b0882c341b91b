"""A person decides what is trained: at the terminal card by card, or by options where there is none."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import DeviceOption, JsonOption, LangOption, ProtocolOption, UnsandboxedOption, WorkspaceOption
from agent.core.errors import TOO_MANY_FAILURES, DeltaSearchError, UsageError
from agent.core.invocation import HERE, command
from agent.core.run import Run, Stage
from agent.core.text import say
from agent.desk.decisions import approve as approve_run
from agent.desk.decisions import reject as reject_run
from agent.desk.decisions import waiting
from agent.search.budget import Stop
from agent.search.config import Config, read_config
from agent.store.locks import SearchIsRunning
from agent.store.workspace import Workspace

if TYPE_CHECKING:
    from agent.search.loop import Search
    from agent.search.screen import Screen


TRAINED = say("stop.approved trained")


class NothingProposed(DeltaSearchError):
    """No proposal came of it that could wait for a decision."""


def propose(
    idea: Annotated[
        str, typer.Option(help="Propose along this idea: a hint for the model, or the catalogue's moves by name.")
    ] = "",
    file: Annotated[
        Path | None, typer.Option(help="Propose this variant file of your own; --idea then says why.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name your variant; default: the file's name.")] = None,
    parent: Annotated[str | None, typer.Option(help="Change this scored variant, or compare yours with it.")] = None,
    protocol: ProtocolOption = None,
    proposer: Annotated[str | None, typer.Option(help="Propose by auto, catalogue or model.")] = None,
    device: DeviceOption = None,
    allow_unsandboxed: UnsandboxedOption = False,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Make one proposal and let it wait for a review. Nothing is trained."""
    from agent.evaluator.contract.variant import read_declaration

    home = Workspace(workspace)
    if name is not None and file is None:
        raise UsageError("--name names the variant of a --file: the others name themselves")
    if file is not None:
        read_declaration(file)
    if name is not None:
        home.check_new(name)
    if parent is not None and home.history().find(parent) is None:
        scored = ", ".join(run.name for run in home.history().scored)
        known = scored or f"none yet: {command('search', workspace)}"
        raise UsageError(f"--parent {parent}: has no score; there are {known}")
    config = _config_of(home, {"protocol": protocol, "proposer": proposer, "device": device})
    from agent.search.assembly import assembled, proposing

    search = proposing(assembled(config, home, allow_unsandboxed, troubles_alone()))
    run = _from_file(search, file, name, parent, idea) if file else _from_proposer(search, config, idea, parent or "")
    if as_json:
        print(_json([run]))
    else:
        print(f"{run.id} {run.name} waits for your decision: {command(f'review {run.id}', workspace)}")


def troubles_alone() -> "Screen":
    """A screen for a verb that prints its result alone: what goes wrong meanwhile is said on standard error."""
    from agent.search.screen import Screen

    return Screen(lambda status: None, lambda line: print(line, file=sys.stderr, flush=True))


def _config_of(home: Workspace, flags: Mapping[str, Any]) -> Config:
    """The search's settings without hours and runs: the person ends it. What a model may cost stays."""
    return read_config(home.root, flags).model_copy(update={"hours": None, "runs": None})


def _from_file(search: "Search", file: Path, name: str | None, parent: str | None, why: str) -> Run:
    from agent.proposer.person import own_proposal

    history = search.workspace.history()
    origin = history.find(parent) if parent else None
    source = file.read_text(encoding="utf-8")
    return search.register(own_proposal(history, source, file.name, name, origin, why))


def _from_proposer(search: "Search", config: Config, idea: str, parent: str) -> Run:
    """A proposal that passes its checks. What failed them is kept, for the next proposals to learn from."""
    if not search.workspace.history().scored:
        first = command("search --runs 1", search.workspace.root)
        raise UsageError(f"nothing is scored here yet, so there is nothing to change: {first}")
    for _ in range(config.max_failures):
        run = search.propose(idea, parent)
        if run is None:
            tried = f"{idea!r} was tried or fits no scored variant" if idea else "every idea was tried"
            raise NothingProposed(f"nothing was proposed: {tried}")
        if run.failure is None:
            return run
        print(f"✗ {run.name}: {run.failure}", file=sys.stderr)
    failed = NothingProposed(f"{config.max_failures} proposals in a row failed their checks")
    failed.exit_code = TOO_MANY_FAILURES
    raise failed


def review(
    run: Annotated[
        str | None, typer.Argument(help="Review this run: its id, or its variant's name; default: all that wait.")
    ] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Approve the run without asking.")] = False,
    remark: Annotated[str, typer.Option(help="Keep this remark with the approval.")] = "",
    reject: Annotated[
        str | None, typer.Option(metavar="REASON", help="Reject the run; the next proposals learn from the reason.")
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Reject what the run does to its parent, for every other parent too.")
    ] = False,
    edit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Replace the proposal by your version of it, which is checked at once."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the card and decide nothing.")] = False,
    train: Annotated[bool, typer.Option("--train/--no-train", help="Train at once what is approved.")] = True,
    lang: LangOption = None,
    device: DeviceOption = None,
    allow_unsandboxed: UnsandboxedOption = False,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Decide about the proposals that wait: card by card at a terminal, or by --approve, --reject and --edit."""
    home = Workspace(workspace)
    if reject is not None and (approve or edit is not None):
        raise UsageError("--reject goes with neither --approve nor --edit")
    if everywhere and reject is None:
        raise UsageError("--everywhere goes with --reject")
    if remark and not approve:
        raise UsageError("--remark goes with --approve; --reject has its own reason")
    decided = approve or reject is not None or edit is not None
    if decided and (show or as_json):
        raise UsageError("--show and --json only look: leave them out to decide")
    config = _config_of(home, {"device": device})
    if show or as_json:
        _look(home, waiting(home, run), lang, as_json)
    elif reject is not None:
        for rejected in reject_run(home, _one(home, run, ("proposed", "approved")), reject, everywhere):
            print(f"rejected {rejected.name}")
    elif decided:
        _decide(config, home, allow_unsandboxed, _one(home, run), edit, remark if approve else None)
        if approve and train and (stop := _train(config, home, allow_unsandboxed)):
            sys.exit(stop.exit_code)
    else:
        sys.exit(_read(home, config, allow_unsandboxed, run, lang, train).exit_code)


def _decide(
    config: Config, home: Workspace, allow_unsandboxed: bool, run: Run, edit: Path | None, remark: str | None
) -> None:
    """Take a person's version of a run, and approve it if there is a remark, be it empty."""
    if edit is not None:
        try:
            text = edit.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UsageError(f"--edit {edit}: cannot be read ({error})") from error
        from agent.search.assembly import assembled

        run = assembled(config, home, allow_unsandboxed).amend(run, text)
        print(f"edited {run.name}: it passed the checks")
    if remark is not None:
        approve_run(home, run, remark)
        print(f"approved {run.name}")


def _one(home: Workspace, key: str | None, stages: tuple[Stage, ...] = ("proposed",)) -> Run:
    """The run that is meant; UsageError where that is not clear, or where it is past deciding."""
    if key is not None and (found := home.find(key)).stage in stages:
        return found
    runs = waiting(home, key)
    if len(runs) != 1:
        names = ", ".join(f"{run.id} ({run.name})" for run in runs)
        raise UsageError(f"say which: {names}" if names else _nothing_waits(home))
    return runs[0]


def _nothing_waits(home: Workspace) -> str:
    more = f"{command('propose', home.root)}, or {command('search --review', home.root)}"
    return f"nothing waits for a decision: {more}"


def _look(home: Workspace, runs: tuple[Run, ...], lang: str | None, as_json: bool) -> None:
    if as_json:
        print(_json(runs))
        return
    from rich.console import Console

    from agent.desk.card import render_card
    from agent.desk.words import choose_language

    console, language, history = Console(highlight=False), choose_language(home, lang), home.history()
    for run in runs:
        console.rule(run.name, align="left")
        console.print(render_card(run, history, language, console.width))
    if not runs:
        print(_nothing_waits(home))


def _read(
    home: Workspace, config: Config, allow_unsandboxed: bool, key: str | None, lang: str | None, train: bool
) -> Stop:
    """At the terminal, card by card."""
    from agent.desk.terminal import require_terminal

    require_terminal("decide by --approve, --reject REASON or --edit FILE; --show and --json only look")
    runs = waiting(home, key)
    if not runs:
        raise UsageError(_nothing_waits(home))
    from agent.desk.session import sit_down

    stop = sit_down(config, home, allow_unsandboxed, lang, False, train, runs[0].id if key else None)
    if left := len(waiting(home)):
        print(f"{left} left undecided: {command('review', home.root)}")
    return stop


def _train(config: Config, home: Workspace, allow_unsandboxed: bool) -> Stop | None:
    """Train what is approved, in the foreground; None where the search that is running does it."""
    from agent.cli.search import stopping
    from agent.evaluator.executor.choice import open_places
    from agent.search.assembly import assembled, training
    from agent.search.screen import open_screen

    with open_places(None, config.device, config.places) as executor, open_screen() as screen:
        search = training(assembled(config, home, allow_unsandboxed, screen, executor))
        with stopping(search.ledger, screen.warn):
            try:
                stop = search.run()
                search.journal.stopped(TRAINED)
                return stop
            except SearchIsRunning as running:
                screen.line(f"· {running}: it trains what is approved")
                return None


def _json(runs: Sequence[Run]) -> str:
    from pydantic import TypeAdapter

    return TypeAdapter(list[Run]).dump_json(list(runs), indent=1).decode()
