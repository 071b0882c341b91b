"""The search, on one page: what is worth doing next, and how a proposal comes to be a run.

A person reviews by way of the run folders. What a free place is given is decided by scheduler.py, in the order below.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial

from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.isolation import Isolation
from agent.core.run import UNFINISHED, Proposal, Run
from agent.core.text import ENGLISH
from agent.evaluator.executor.pool import Executor
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import VERIFYING
from agent.proposer.known import next_known, runs_of
from agent.science.history import History
from agent.science.mechanisms.holding import with_mechanisms
from agent.search.amending import amend
from agent.search.analyses import Analyses
from agent.search.budget import Ledger, Stop
from agent.search.confirmation import Confirming
from agent.search.drafts import Drafts
from agent.search.inspection import Inspection
from agent.search.journal import Journal
from agent.search.opening import order_told, waiting
from agent.search.places import Places
from agent.search.registration import Registration
from agent.search.replication import Replication
from agent.search.requests import asked_to_stop, propose_queued
from agent.search.rows import Rows
from agent.search.scheduler import NOTHING_LEFT, Later, Meanwhile, Scheduler
from agent.search.steps import Step
from agent.search.verification import Verifying
from agent.store.lineage import Lineage
from agent.store.requests import set_wish, wish_of
from agent.store.workspace import NameTaken, Workspace


def at_once(*asked: str) -> bool:
    """That what is asked for is to be waited for, or needs no time."""
    return True


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
    verifies_by: tuple[Protocol, ...] = VERIFYING  # what its winners are tried by in the end
    text: str | None = None  # what a protocol of text reads then; None for the default text
    order_is_told: bool = False
    exhausted_by: tuple[int, int] | None = None  # how many runs there were, and had ended, when nothing was left

    @cached_property
    def confirming(self) -> Confirming:
        """Who is trained on fresh seeds, and for how long."""
        return Confirming(self.workspace, self.protocol, self.ledger, self.journal)

    @cached_property
    def verifying(self) -> Verifying:
        """What won on fresh seeds is tried by, and for how long."""
        line = self.journal.line
        return Verifying(self.workspace, self.protocol, self.ledger, line, self.verifies_by, self.text)

    @cached_property
    def rows(self) -> Rows:
        """What becomes of a run from its approval to its note."""
        return Rows(
            self.workspace, self.protocol, self.lineage, self.ledger, self.journal, self.analyses, self.drafts
        )  # fmt: skip

    @cached_property
    def places(self) -> Places:
        """Where evaluations run, and which are under way."""
        return Places(self.executor, self.workspace, self.protocol, self.ledger, self.journal)

    @cached_property
    def scheduler(self) -> Scheduler:
        """What a free place does next."""
        return Scheduler(self.places, self.workspace.history, self.stop, self.analyses.collect)

    def run(self) -> Stop:
        """Go on until the budget ends. Whatever stops it, the next search goes on where this one was."""
        with self.workspace.locks.searching(), self.drafts.open(), self.analyses.open():
            set_wish(self.workspace, "go on")  # what was asked of an earlier search is over
            cut_off = self.workspace.reconcile()
            history = self.workspace.history()
            self.lineage.catch_up([run for run in history.scored if run.finished])
            self.journal.begin(history, cut_off)
            self.places.greet()
            stop = self.scheduler.run(
                (
                    self.unfinished,
                    self.first_baselines,
                    self.asked_confirmation,
                    self.noise,
                    self.first_proposal,
                    self.known,
                    self.proposal,
                ),
                owed=self.confirmation,
            )
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
        self.scheduler.run((), owed=self.confirmation)

    def verify(self) -> None:
        """Try what won there at greater lengths, by pairs and on text, as far as the hours reach."""
        self.verifying.plan_winners()
        self.scheduler.run((), owed=lambda history: self.verifying.step(self.journal))

    def stop(self, history: History) -> Stop | Later | None:
        """Why to stop now, or not to begin anything for now; None while there is something to do and budget for it."""
        self.ledger.reserved = self.confirming.reserve(history) + self.verifying.reserve(history)
        self.ledger.known_wait = bool(waiting(history, self.baselines))
        if stop := self.ledger.stop() or asked_to_stop(self.workspace):
            return stop
        if wish_of(self.workspace) != "pause":
            return None
        self.journal.pauses()
        return Meanwhile.LATER

    # What is to be done, in the order of its worth: each of these has a step for a free place, or none.

    def confirmation(self, history: History) -> Step | None:
        """A training on fresh seeds that was planned."""
        return self.confirming.step()

    def unfinished(self, history: History) -> Step | Meanwhile | None:
        """What goes on to its next leg, and what an earlier search, or a person who approved something, left to do."""
        left = [run for run in history.runs if run.stage in UNFINISHED and self.rows.may_begin(run)]
        left.sort(key=lambda run: not run.legs)
        return self.rows.next(history, left[0]) if left else None

    def first_baselines(self, history: History) -> Step | Meanwhile | None:
        """The template, with which everything is compared, and what the search is to start from."""
        return self.baseline(history, (TEMPLATE, *self.drafts.start_from))

    def asked_confirmation(self, history: History) -> Step | None:
        """A run that a person asked to have confirmed."""
        self.confirming.plan_asked(history)
        return self.confirming.step()

    def noise(self, history: History) -> Step | None:
        """The template on a further seed of each setting that has but one."""
        baseline = history.baseline if TEMPLATE in self.baselines else None
        return self.replication.step(baseline, self.journal) if baseline is not None else None

    def first_proposal(self, history: History) -> Step | Meanwhile | None:
        """A proposal that is tried before the baselines that can wait; None once one was tried, or if none wait."""
        behind, ledger = waiting(history, self.baselines), self.ledger
        begun = ledger.tried or ledger.under_way or ledger.proposals_over
        if not behind or begun or self.drafts.proposer is None or not self.may_propose(history):
            return None
        if not (ledger.finished or self.order_is_told):
            self.journal.line(f"· {order_told(self.protocol, history, behind)[ENGLISH]}")
            self.order_is_told = True
        return self.proposal(history)

    def known(self, history: History) -> Step | Meanwhile | None:
        """The other baselines."""
        return self.baseline(history, self.baselines)

    def proposal(self, history: History) -> Step | Meanwhile | None:
        """A new variant. No model is waited for while other places work: its draft is asked for again soon."""
        known = (len(history.runs), sum(run.finished for run in history.runs))
        if not self.may_propose(history) or known == self.exhausted_by:
            return None
        ready = partial(self.drafts.ready, history) if self.places.flights else at_once
        is_ready = ready()
        run = self.propose(ready=ready)
        if run is None and is_ready:
            self.exhausted_by = known  # until something more is known
        return self.rows.next(history, run) if run else None if is_ready else Meanwhile.LATER

    # How it is done

    def may_propose(self, history: History) -> bool:
        """Whether there is something to change, and fewer proposals are under way than there are to be."""
        start = (run for name in (TEMPLATE, *self.drafts.start_from) for run in runs_of(history, name))
        return bool(history.scored) and all(run.finished for run in start) and not self.ledger.proposals_over

    def baseline(self, history: History, names: Sequence[str]) -> Step | Meanwhile | None:
        """The next of the baselines of these names that was not measured yet; None when all were, or are about to."""
        wanted = [name for name in self.baselines if name in names]
        wanted = [name for name in wanted if all(run.finished for run in runs_of(history, name))]
        proposal = next_known(history, wanted, self.begun)
        if proposal is None:
            return None
        run = self.register(proposal)
        self.begun.add(run.id)
        return self.rows.next(history, run)

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
