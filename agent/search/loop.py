"""The search, on one page: choose, propose, evaluate, analyse, confirm. A person reviews by way of the run folders.

What a free place is given says order.py, and scheduler.py gives it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from agent.core.failure import Failure
from agent.core.isolation import Isolation
from agent.core.run import Proposal, Run
from agent.evaluator.executor.pool import Executor
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import VERIFYING
from agent.science.history import History
from agent.science.mechanisms.holding import with_mechanisms
from agent.search.amending import amend
from agent.search.analyses import Analyses
from agent.search.budget import Ledger, Stop
from agent.search.confirmation import MOST_TIMES, Confirming
from agent.search.drafts import Drafts
from agent.search.inspection import Inspection
from agent.search.journal import Journal
from agent.search.opening import waiting
from agent.search.order import Order, at_once
from agent.search.places import Places
from agent.search.registration import Registration
from agent.search.replication import Replication
from agent.search.requests import asked_to_stop, propose_queued
from agent.search.rows import Rows
from agent.search.scheduler import NOTHING_LEFT, Later, Meanwhile, Scheduler
from agent.search.verification import Verifying
from agent.store.lineage import Lineage
from agent.store.requests import set_wish, wish_of
from agent.store.workspace import NameTaken, Workspace


@dataclass
class Search:
    """One search: everyone who takes part in it."""

    workspace: Workspace
    protocol: Protocol
    executor: Executor
    drafts: Drafts
    check: Inspection
    analyses: Analyses
    lineage: Lineage
    ledger: Ledger
    journal: Journal
    replication: Replication
    baselines: tuple[str, ...]
    isolation: Isolation
    review: bool = False  # whether a proposal waits for a person; without one, all that passes the checks is approved
    files: Mapping[str, str] = field(default_factory=dict)  # kept with each run: its configuration
    begun: set[str] = field(default_factory=set)  # runs of known variants
    most_times: int = MOST_TIMES  # its own seeds, on which its finalists are trained in the end
    verifies_by: tuple[Protocol, ...] = VERIFYING  # what its winners are tried by in the end
    text: str | None = None  # what a protocol of text reads then; None for the default text
    leave: bool = False  # whether a proposal's trainings that lie far behind the template's end early

    @cached_property
    def confirming(self) -> Confirming:
        """Who is trained on fresh seeds, and for how long."""
        return Confirming(self.workspace, self.protocol, self.ledger, self.journal, self.most_times)

    @cached_property
    def verifying(self) -> Verifying:
        """What won on fresh seeds is tried by, and for how long."""
        line = self.journal.line
        return Verifying(self.workspace, self.protocol, self.ledger, line, self.verifies_by, self.text)

    @cached_property
    def rows(self) -> Rows:
        """What becomes of a run from its approval to its note."""
        return Rows(
            self.workspace, self.protocol, self.lineage, self.ledger, self.journal, self.analyses, self.drafts,
            self.leave,
        )  # fmt: skip

    @cached_property
    def places(self) -> Places:
        """Where evaluations run, and which are under way."""
        return Places(self.executor, self.workspace, self.protocol, self.ledger, self.journal)

    @cached_property
    def scheduler(self) -> Scheduler:
        """What a free place does next."""
        return Scheduler(self.places, self.workspace.history, self.stop, self.analyses.collect)

    @cached_property
    def order(self) -> Order:
        """What is worth most now."""
        return Order(
            self.protocol, self.rows, self.places, self.drafts, self.ledger, self.journal,
            self.replication, self.confirming, self.baselines, self.begun, self.propose, self.register,
        )  # fmt: skip

    def run(self) -> Stop:
        """Go on until the budget ends. Whatever stops it, the next search goes on where this one was."""
        with self.workspace.locks.searching(), self.drafts.open(), self.analyses.open():
            set_wish(self.workspace, "go on")  # what was asked of an earlier search is over
            cut_off = self.workspace.reconcile()
            history = self.workspace.history()
            self.lineage.catch_up([run for run in history.scored if run.finished])
            self.journal.begin(history, cut_off)
            self.places.greet()
            stop = self.scheduler.run(self.order.sources, self.order.owed)
            if stop is not NOTHING_LEFT or self.drafts.proposer is not None:  # a person may approve more
                self.confirm()
                self.verify()
        return stop

    def confirm(self, chosen: Sequence[Run] = (), times: int = 0) -> None:
        """Train the finalists, or the named runs, on seeds that no choice ever saw, in the time kept for it."""
        if chosen:
            self.confirming.plan_chosen(self.workspace.history(), chosen, times)
        else:
            self.confirming.plan_finalists()
        self.places.greet()
        self.scheduler.run((), owed=lambda history: self.confirming.step())

    def verify(self) -> None:
        """Try what won there at greater lengths, by pairs and on text, as far as the hours reach."""
        self.verifying.plan_winners()
        self.scheduler.run((), owed=lambda history: self.verifying.step(self.journal))

    def stop(self, history: History) -> Stop | Later | None:
        """Why to stop now, or not to begin anything for now; None while there is something to do and budget for it."""
        confirming = self.confirming.reserve(history)
        self.ledger.reserved = confirming + self.verifying.reserve(history, may_win=confirming > 0)
        self.ledger.known_wait = bool(waiting(history, self.baselines))
        if stop := self.ledger.stop() or asked_to_stop(self.workspace):
            return stop
        if wish_of(self.workspace) != "pause":
            return None
        self.journal.pauses()
        return Meanwhile.LATER

    def propose(self, idea: str = "", parent: str = "", ready: Callable[..., bool] = at_once) -> Run | None:
        """A new variant of the most promising parent that anything can still be made of, or of the one that is named.

        `idea` is a person's: a hint for a model, or the name of a move for the catalogue. Without any of both, what a
        person has queued comes first. None where nothing is left, or nothing is `ready`.
        """
        if not (idea or parent) and self.drafts.proposer is not None:
            queued = propose_queued(self.workspace, self.journal, self.propose, ready)
            if queued is not None:
                return queued
            if not ready():
                return None
        self.journal.phase("proposing")
        if self.ledger.overtime:
            self.journal.line("· the time is over, and nothing was tried yet: one proposal is, before the search ends")
        while draft := self.drafts.next(self.workspace.history(), idea, parent):
            with suppress(NameTaken):  # by another process, meanwhile
                return self.register(draft.proposal, draft.failure)
        return None

    def register(self, proposal: Proposal, failure: Failure | None = None) -> Run:
        """Give a proposal its folder: failed where it is of no use, else approved or waiting for its reviewer."""
        self.journal.phase("checking", proposal)
        registration = Registration(self.workspace, self.protocol, self.check, self.isolation, self.files, self.review)
        return registration(with_mechanisms(proposal), failure)

    def amend(self, run: Run, reply: str) -> Run:
        """A waiting proposal with a person's own version of its file; raises PatchRejected or EvaluationFailed."""
        return amend(self.workspace, self.check, run, reply)
