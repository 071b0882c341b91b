"""The loop from the command line."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.budget import Budget, Ledger, Stop
from agent.config import Config, read_config
from agent.errors import Unavailable
from agent.proposer import Proposer
from agent.verbs.evaluating import protocol_of
from agent.verbs.options import HERE, DeviceOption, ProtocolOption, WorkspaceOption
from agent.workspace import Workspace

TEMPLATES = Path(__file__).parents[2] / "templates"


def search(
    hours: Annotated[float | None, typer.Option(help="Stop after so many hours.")] = None,
    runs: Annotated[int | None, typer.Option(help="Stop after so many proposals.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Stop when the model has cost so many dollars.")] = None,
    max_failures: Annotated[int | None, typer.Option(help="Stop after so many failures in a row.")] = None,
    protocol: ProtocolOption = None,
    proposer: Annotated[str | None, typer.Option(help="auto, catalogue or model.")] = None,
    seed: Annotated[int | None, typer.Option(help="What the choices are drawn from.")] = None,
    device: DeviceOption = None,
    allow_unsandboxed: Annotated[
        bool, typer.Option("--allow-unsandboxed", help="Search even where generated code cannot be confined.")
    ] = False,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Propose, train, analyse and record variants until the budget ends."""
    flags = {
        "hours": hours, "runs": runs, "max_cost": max_cost, "max_failures": max_failures, "protocol": protocol,
        "proposer": proposer, "seed": seed, "device": device,
    }  # fmt: skip
    config = read_config(workspace, flags)
    stop = _search(config, Workspace(workspace), allow_unsandboxed)
    sys.exit(stop.exit_code)


def _search(config: Config, workspace: Workspace, allow_unsandboxed: bool) -> Stop:
    """Bring everyone together, search, and say at the end what came of it."""
    protocol = protocol_of(config.protocol, config.device)
    workspace.check_protocol(protocol.name, protocol.fingerprint)

    from agent.evaluator.evaluation import choose_device
    from agent.evaluator.isolation import prove_isolation
    from agent.journal import Journal
    from agent.lineage import Lineage
    from agent.loop import Search
    from agent.screen import open_screen
    from agent.summary import summarise

    isolation = prove_isolation()
    if not isolation.proven and not allow_unsandboxed:
        raise Unavailable(f"{isolation.line}; search without it with --allow-unsandboxed, at your own risk")
    resolved = config.model_dump() | {"protocol": protocol.name, "device": choose_device(config.device)}
    ledger = Ledger(Budget(config.hours, config.runs, config.max_cost, config.max_failures))
    with open_screen() as screen:
        journal = Journal(workspace, ledger, screen.show, screen.line, isolation.line)
        loop = Search(
            workspace,
            protocol,
            resolved["device"],
            _proposer(config),
            Lineage(workspace.root),
            ledger,
            journal,
            config.baselines,
            config.seed,
            isolation.line,
            files={"config.json": json.dumps(resolved, indent=1) + "\n"},
        )
        with stopping(ledger, screen.line):
            stop = loop.run()
    print(summarise(workspace.history(), stop, workspace.root))
    return stop


def _proposer(config: Config) -> Proposer:
    """Who proposes: a language model where there is a key, the catalogue otherwise."""
    from agent.proposer.catalogue import Catalogue
    from agent.proposer.moves import load_moves

    return Catalogue((TEMPLATES / "naive.py").read_text(encoding="utf-8"), load_moves(TEMPLATES / "moves"))


@contextmanager
def stopping(ledger: Ledger, say: Any) -> Iterator[None]:
    """Ctrl-C once: the step under way is finished, then the search stops. Twice: it stops now."""

    def interrupt(number: int, frame: Any) -> None:
        if ledger.interrupted:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt
        ledger.interrupted = True
        say("stopping after this step; Ctrl-C again stops now")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT,)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
