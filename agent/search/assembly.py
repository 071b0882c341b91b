"""Builds a search from its configuration: proposer, analyst, workspace, budget, screen and executor."""

import ast
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from agent.analyst import Analyst
from agent.core.errors import Unavailable, UsageError
from agent.core.invocation import command
from agent.core.isolation import Isolation
from agent.core.resources import MOVES, TEMPLATE_FILE
from agent.evaluator.check import parameter_count
from agent.evaluator.contract.declaration import declared_in
from agent.evaluator.evaluation import choose_device
from agent.evaluator.executor.here import Here
from agent.evaluator.executor.pool import Executor
from agent.evaluator.jail.isolation import prove_isolation
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import SMOKE, VERIFY, VERIFYING, choose_protocol, refuse_without_columns
from agent.llm.spending import Spending
from agent.proposer import Proposer
from agent.proposer.catalogue import Catalogue
from agent.proposer.controls import controls_lines
from agent.proposer.fitting import fit_moves
from agent.proposer.known import known_variant
from agent.proposer.moves import load_moves
from agent.science.budget import MeansBudget
from agent.search.analyses import Analyses
from agent.search.budget import Budget, Ledger
from agent.search.config import KEY, Config
from agent.search.confirmation import MOST_TIMES
from agent.search.drafts import Drafts
from agent.search.inspection import Inspection
from agent.search.journal import Journal
from agent.search.loop import Search
from agent.search.replication import Replication
from agent.search.screen import Screen
from agent.store.drafts import KeptDrafts
from agent.store.folder import CONFIG
from agent.store.lineage import Lineage
from agent.store.workspace import Workspace

if TYPE_CHECKING:  # the openai package is not needed where no model is asked
    from agent.llm.endpoint import Endpoint

A_FEW_ROWS = 4.0  # hours of mad on a GPU: a guess, how long a row takes there has not been measured yet
# For how many seconds an endpoint's troubles are waited out: not long where the catalogue can step in.
PATIENCE = {"auto": 120.0, "model": 1800.0}


def assemble(
    config: Config, workspace: Workspace, isolation: Isolation, screen: Screen, executor: Executor | None = None
) -> Search:
    """A search that is ready to run; with an executor, one that evaluates there, else in this process.

    WorkspaceError where the workspace holds another protocol or cannot be written; UsageError and Unavailable where the
    model is to propose and cannot.
    """
    where = executor or Here(choose_device(config.device))
    device = where.device
    held = workspace.protocol()
    protocol = _protocol(config, workspace, device)
    workspace.keep_budget(MeansBudget(config.budget_parameters, config.budget_state, config.budget_flops))
    workspace.keep_objective(config.objective)
    spending = Spending(config.max_cost, config.price_in, config.price_out)
    hours = config.hours if config.hours != math.inf else None
    if (config.protocol or held) is None and device == "cuda" and hours is not None and hours < A_FEW_ROWS:
        screen.line(
            f"· {protocol.name} on a GPU, as none was named: a row may take longer than the {hours:g} hours given, "
            "and is trained to its end; for a night add --hours 8, for a first look --protocol quick --workspace try"
        )
    ledger = Ledger(Budget(hours, config.runs, config.max_failures), spending)
    check = Inspection(protocol)
    llm = make_model(config, spending, screen.line, lambda: ledger.interrupted)
    calls = llm.calls if llm else tuple
    journal = Journal(workspace, ledger, screen.show, screen.line, isolation.line, calls)
    for name in config.start_from if config.proposer != "model" else ():
        start = known_variant(name)
        if not start.moves:  # the others are the template with moves made, and what fits that is known
            for line in fit_moves(start.source, load_moves(MOVES)).lines(start.name):
                screen.line(line)
    thinkers = make_thinkers(config, workspace, check, llm, screen.line)
    analyses = Analyses(workspace, thinkers.analyst, screen.line)
    drafts = Drafts(
        thinkers.proposer, config.seed, llm, screen.line, config.start_from, config.drafts, KeptDrafts(workspace),
        analyses.read, journal.waits,
    )  # fmt: skip
    resolved = config.model_dump(mode="json") | {
        "protocol": protocol.name, "device": device, "hours": hours, "model": llm.model if llm else None
    }  # fmt: skip
    return Search(
        workspace=workspace,
        protocol=protocol,
        executor=where,
        drafts=drafts,
        check=check,
        analyses=analyses,
        lineage=Lineage(workspace.root),
        ledger=ledger,
        journal=journal,
        replication=Replication(workspace, protocol, ledger, screen.line),
        baselines=tuple(dict.fromkeys([*config.baselines, *config.start_from])),
        isolation=isolation,
        files={CONFIG: json.dumps(resolved, indent=1) + "\n"},
        text=config.text,
        leave=config.leave,
        # A score of smoke means nothing: to confirm it once shows that it runs.
        most_times=1 if protocol.name == SMOKE.name else MOST_TIMES,
        verifies_by=() if protocol.name == SMOKE.name else VERIFYING,
    )


def _protocol(config: Config, workspace: Workspace, device: str) -> Protocol:
    """What the search trains by: as configured, else as the workspace holds it, else the default of the device."""
    held = workspace.protocol()
    protocol = choose_protocol(config.protocol or (held["name"] if held else None), device)
    refuse_without_columns(protocol, "search under quick or mad, and evaluate what you found under this one")
    if protocol.name == VERIFY.name:
        raise UsageError(
            f"the seeds of {VERIFY.name} are kept for what a search has found: search under quick or mad; "
            f"it verifies its winners itself, and so does {command('verify RUN')}"
        )
    workspace.check_protocol(protocol.name, protocol.fingerprint)
    return protocol if config.legs else replace(protocol, legs=())


@dataclass(frozen=True)
class Thinkers:
    """The proposer, and the analyst that reads each result; without an analyst a note tells the facts alone."""

    proposer: Proposer
    analyst: Analyst | None = None


def make_thinkers(
    config: Config, workspace: Workspace, check: Inspection, llm: "Endpoint | None", say: Callable[[str], None]
) -> Thinkers:
    """The model where one can be asked, else the catalogue."""
    catalogue = make_catalogue(check.protocol)
    if llm is None:
        return Thinkers(catalogue)
    from agent.analyst.model import ModelAnalyst
    from agent.proposer.fallback import Fallback
    from agent.proposer.model import ModelProposer
    from agent.proposer.synthesis import Synthesiser
    from agent.store.conversations import Conversations

    talks = Conversations(workspace, llm.censor)
    older, tokens = workspace.older_notes, config.prompt_tokens
    synthesis = Synthesiser(llm, talks, older, tokens, say)
    model = ModelProposer(llm, check.why_not, talks, older, tokens, say, workspace.with_curves, synthesis)
    proposer = model if config.proposer == "model" else Fallback(model, catalogue, say)
    return Thinkers(proposer, ModelAnalyst(llm, talks, older, controls_lines))


def make_catalogue(protocol: Protocol | None = None) -> Catalogue:
    """The proposer that needs no model; under a protocol it knows how many parameters a variant takes."""
    parameters = None if protocol is None else lru_cache(maxsize=512)(partial(_parameters, protocol))
    return Catalogue(TEMPLATE_FILE.read_text(encoding="utf-8"), load_moves(MOVES), parameters)


def _parameters(protocol: Protocol, source: str) -> int:
    """How many numbers the network around a variant learns; no line of the variant runs."""
    return parameter_count(declared_in(ast.parse(source), TEMPLATE_FILE), protocol)


def make_model(
    config: Config, spending: Spending, say: Callable[[str], None], interrupted: Callable[[], bool]
) -> "Endpoint | None":
    """The language model; None where the catalogue is to propose."""
    if config.proposer == "catalogue":
        return None
    if config.proposer == "auto" and not os.environ.get(KEY):
        say(f"· no {KEY} is set: the catalogue proposes")
        return None
    if config.max_cost is not None and not spending.priced:
        raise UsageError(
            "max_cost needs price_in and price_out, the dollars that a million tokens cost at your endpoint: set them "
            "in search.toml, or as DELTASEARCH_PRICE_IN and DELTASEARCH_PRICE_OUT"
        )
    from agent.search.connect import connect

    return connect(config, spending, PATIENCE[config.proposer], say, interrupted)


def require_isolation(allow_unsandboxed: bool, device: str | None) -> Isolation:
    """What is proven to confine generated code here; Unavailable where that is nothing, unless that is allowed.

    Unavailable in any case where the device is a GPU that cannot be used from within: every variant would fail.
    """
    isolation = prove_isolation(choose_device(device))
    if not isolation.proven and not allow_unsandboxed:
        raise Unavailable(f"{isolation.line}; go on without it with --allow-unsandboxed, at your own risk")
    if isolation.trouble:
        raise Unavailable(f"{isolation.line}; search on the CPU with --device cpu, and please report this line")
    return isolation


def assembled(
    config: Config,
    home: Workspace,
    allow_unsandboxed: bool,
    screen: "Screen | None" = None,
    executor: Executor | None = None,
) -> "Search":
    """A search whose variants are confined, or may be unconfined; without a screen a silent one.

    Importing all that takes a second or two.
    """
    from agent.search.screen import Screen

    silent = Screen(lambda status: None, lambda line: None)
    return assemble(config, home, require_isolation(allow_unsandboxed, config.device), screen or silent, executor)


def proposing(search: "Search") -> "Search":
    """The same search for a command that only proposes: what it proposes waits for a review."""
    from agent.search.journal import Aside

    journal = Aside(search.workspace, search.ledger, lambda status: None, lambda line: None)
    return replace(search, review=True, journal=journal, drafts=replace(search.drafts, waits=journal.waits))


def training(search: "Search", baselines: bool = False) -> "Search":
    """The same search for a command that only trains: what is approved and, with `baselines`, what it is compared with.

    Without them it is a review's, and the latest search stays what `status` and the report tell of.
    """
    if not baselines:
        search.journal.resume()
    drafts = replace(search.drafts, proposer=None)
    return replace(search, drafts=drafts, baselines=search.baselines if baselines else ())
