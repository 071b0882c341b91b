"""Brings everyone who takes part in a search together, as its configuration says."""

import json
import math
from pathlib import Path

from agent.budget import Budget, Ledger
from agent.config import Config
from agent.errors import Unavailable
from agent.evaluator.evaluation import choose_device
from agent.evaluator.isolation import Isolation, prove_isolation
from agent.evaluator.protocols import choose_protocol
from agent.folder import CONFIG
from agent.journal import Journal
from agent.lineage import Lineage
from agent.loop import Search
from agent.proposer import Proposer
from agent.proposer.catalogue import Catalogue
from agent.proposer.moves import MOVES, load_moves
from agent.screen import Screen
from agent.workspace import Workspace

TEMPLATES = Path(__file__).parents[1] / "templates"


def assemble(config: Config, workspace: Workspace, isolation: Isolation, screen: Screen) -> Search:
    """A search that is ready to run. WorkspaceError where the workspace holds another protocol or cannot be written."""
    device = choose_device(config.device)
    protocol = choose_protocol(config.protocol, device)
    workspace.check_protocol(protocol.name, protocol.fingerprint)
    resolved = config.model_dump(mode="json") | {"protocol": protocol.name, "device": device}
    hours = config.hours if config.hours != math.inf else None
    ledger = Ledger(Budget(hours, config.runs, config.max_cost, config.max_failures))
    return Search(
        workspace=workspace,
        protocol=protocol,
        device=device,
        proposer=make_proposer(config),
        lineage=Lineage(workspace.root),
        ledger=ledger,
        journal=Journal(workspace, ledger, screen.show, screen.line, isolation.line),
        baselines=config.baselines,
        seed=config.seed,
        isolation=isolation.line,
        files={CONFIG: json.dumps(resolved, indent=1) + "\n"},
    )


def make_proposer(config: Config) -> Proposer:
    """Who proposes: the catalogue."""
    return Catalogue((TEMPLATES / "naive.py").read_text(encoding="utf-8"), load_moves(MOVES))


def require_isolation(allow_unsandboxed: bool) -> Isolation:
    """What is proven to confine generated code here; Unavailable where that is nothing, unless that is allowed."""
    isolation = prove_isolation()
    if not isolation.proven and not allow_unsandboxed:
        raise Unavailable(f"{isolation.line}; go on without it with --allow-unsandboxed, at your own risk")
    return isolation
