"""The search, on one page: choose, propose, evaluate, analyse, record. A person reviews by way of the run folders."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial

from agent.core.baselines import TEMPLATE
from agent.core.errors import kind_and_reason
from agent.core.failure import Failure
from agent.core.isolation import Isolation
from agent.core.reason import Reason
from agent.core.run import BASELINE, PERSON, UNFINISHED, Proposal, Review, Run
from agent.core.score import ScoreCard
from agent.core.text import ENGLISH, say
from agent.evaluator.assignment import Assignment, Evaluator
from agent.evaluator.evaluation import evaluate_source
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.pace import TemplateTime
from agent.evaluator.protocol import Protocol
from agent.llm import Interrupted
from agent.llm.spending import OutOfMoney
from agent.proposer.known import next_known
from agent.science.history import card_of
from agent.science.mechanisms.holding import with_mechanisms
from agent.search.amending import amend, patch_of
from agent.search.analyses import Analyses
from agent.search.budget import Ledger, Stop
from agent.search.closing import conclude
from agent.search.confirmation import Confirming
from agent.search.drafts import Drafts
from agent.search.inspection import Inspection
from agent.search.journal import Journal
from agent.search.opening import order_told, waiting
from agent.search.place_log import Task
from agent.search.replication import Replication
from agent.search.requests import confirm_asked, heed, propose_queued
from agent.store.folder import LOG, PATCH, UnreadableRun
from agent.store.lineage import Lineage
from agent.store.places import Work
from agent.store.requests import set_wish
from agent.store.workspace import NameTaken, StaleRun, Workspace

NOTHING_LEFT = Stop(say("stop.nothing left"))


@dataclass
class Search:
    """One search: everyone who takes part in it."""

    workspace: Workspace
    protocol: Protocol
    device: str
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
    evaluator: Evaluator = evaluate_source  # or the same of an executor, which does it elsewhere
    begun: set[str] = field(default_factory=set)  # runs of known variants

    @cached_property
    def confirming(self) -> Confirming:
        """Who is trained on fresh seeds, and for how long."""
        return Confirming(self.workspace, self.protocol, self.ledger, self.journal)

    def run(self) -> Stop:
        """Go on until the budget ends. Whatever stops it, the next search goes on where this one was."""
        with self.workspace.locks.searching(), self.drafts.open(), self.analyses.open():
            set_wish(self.workspace, "go on")  # what was asked of an earlier search is over
            cut_off = self.workspace.reconcile()
            history = self.workspace.history()
            self.lineage.catch_up([run for run in history.scored if run.finished])
            self.journal.begin(history, cut_off)
            self.journal.places.search([self.device])
            while (stop := self.stop()) is None:
                try:
                    run = self.unfinished() or self.next_baseline((TEMPLATE, *self.drafts.start_from))
                    if run is None and (self.measure_noise() or self.confirm_asked()):
                        continue
                    run = run or self.first_proposal() or self.next_baseline(self.baselines) or self.propose()
                except OutOfMoney as end:
                    stop = Stop(end.reason)
                    break
                except Interrupted:
                    continue  # the ledger knows, and stops the search
                if run is None:
                    stop = NOTHING_LEFT
                    break
                with suppress(StaleRun):  # somebody at another shell was quicker: look again
                    self.carry_on(run)
                self.analyses.collect()
            if stop is not NOTHING_LEFT or self.drafts.proposer is not None:  # a person may approve more
                self.confirm()
        return stop

    def stop(self) -> Stop | None:
        """Why to stop now; None while there is something to be done and budget left for it."""
        history = self.workspace.history()
        self.ledger.reserved = self.confirming.reserve(history)
        self.ledger.known_wait = bool(waiting(history, self.baselines))
        return heed(self.workspace, self.ledger, self.journal)

    def unfinished(self) -> Run | None:
        """What an earlier search, or a person who approved something, left to be done."""
        runs = self.workspace.history().runs
        return next((run for run in runs if run.stage in UNFINISHED), None)

    def next_baseline(self, names: Sequence[str]) -> Run | None:
        """The next of the baselines of these names that was not measured yet; None when all were."""
        wanted = [name for name in self.baselines if name in names]
        proposal = next_known(self.workspace.history(), wanted, self.begun)
        if proposal is None:
            return None
        run = self.register(proposal)
        self.begun.add(run.id)
        return run

    def first_proposal(self) -> Run | None:
        """A proposal that is tried before the baselines that can wait; None once one was tried, or if none wait."""
        history = self.workspace.history()
        behind = waiting(history, self.baselines)
        if not behind or self.ledger.tried or self.ledger.proposals_over or self.drafts.proposer is None:
            return None
        if not self.ledger.finished:
            self.journal.line(f"· {order_told(self.protocol, history, behind)[ENGLISH]}")
        return self.propose()

    def measure_noise(self) -> bool:
        """Train the template on a further seed of each setting that has but one; False where nothing is to be done."""
        baseline = self.workspace.history().baseline if TEMPLATE in self.baselines else None
        return baseline is not None and self.replication.measure(baseline, self.journal, self.train)

    def confirm(self, chosen: Sequence[Run] = (), times: int = 0) -> None:
        """Train the finalists, or the named runs, on seeds that no choice ever saw, in the time kept for it."""
        self.confirming.confirm(self.train, chosen, times)

    def confirm_asked(self) -> bool:
        """Confirm a run of which a person asked that from outside; False where nobody did."""
        return confirm_asked(self.workspace, lambda run: self.confirming.confirm_asked(self.train, run))

    def propose(self, idea: str = "", parent: str = "") -> Run | None:
        """A new variant of the most promising parent that anything can still be made of, or of the one that is named.

        `idea` is a person's: a hint for a model, or the name of a move for the catalogue. Without any of both, what a
        person has queued comes first.
        """
        if not (idea or parent) and self.drafts.proposer is not None:
            queued = propose_queued(self.workspace, self.journal, self.propose)
            if queued is not None:
                return queued
        self.journal.phase("proposing")
        if self.ledger.overtime:
            self.journal.line("· the time is over, and nothing was tried yet: one proposal is, before the search ends")
        while draft := self.drafts.next(self.workspace.history(), idea, parent):
            with suppress(NameTaken):  # by another process, meanwhile
                return self.register(draft.proposal, draft.failure)
        return None

    def register(self, proposal: Proposal, failure: Failure | None = None) -> Run:
        """Give a proposal its folder: failed where it is of no use, else approved or waiting for its reviewer."""
        history, proposal = self.workspace.history(), with_mechanisms(proposal)
        self.journal.phase("checking", proposal)
        files = {**self.files, PATCH: patch_of(history, proposal)}
        new = partial(self.workspace.create, proposal, self.protocol.name, self.protocol.fingerprint, files=files)
        try:
            signature = () if failure else self.check(history, proposal)
        except EvaluationFailed as error:
            if proposal.author == PERSON:
                raise  # the person is there to read it
            failure = error.failure
        if failure:
            files |= {LOG: f"{failure.kind}: {failure.reason}\n\n{failure.log_tail}"} if failure.log_tail else {}
            return new("failed", failure=failure, isolation=self.isolation)
        if self.review and proposal.author != BASELINE:
            return new("proposed", signature=signature, isolation=self.isolation)
        review = Review("approved", "the search")
        return new("approved", signature=signature, review=review, isolation=self.isolation)

    def carry_on(self, run: Run) -> None:
        """Take a run to its end: also one whose training used up the budget gets its note."""
        self.analyse(self.evaluate(run) if run.stage == "approved" else run)

    def amend(self, run: Run, reply: str) -> Run:
        """A waiting proposal with a person's own version of its file; raises PatchRejected or EvaluationFailed."""
        return amend(self.workspace, self.check, run, reply)

    def evaluate(self, run: Run) -> Run:
        """Train and score. A failure has a reason and no score."""
        self.journal.phase("training", run.proposal)
        run = self.workspace.advance(run, "evaluating", attempts=run.attempts + 1)
        if run.proposal.author != BASELINE and self.ledger.goes_on():
            self.drafts.prepare(self.workspace.history(), self.ledger.runs_ahead)
        with self.ledger.evaluating():
            try:
                card = self.train(run, self.protocol)
            except EvaluationFailed as error:
                self.workspace.write(run, LOG, f"{error}\n\n{error.failure.log_tail}")
                return self.workspace.advance(run, "failed", failure=error.failure)
            except KeyboardInterrupt:  # a person's doing, which speaks neither for nor against the variant
                self.workspace.advance(run, "approved", attempts=run.attempts - 1)
                raise
            try:
                return self.workspace.advance(run, "evaluated", card=card)
            except UnreadableRun as error:
                reason = Reason("failure.unforeseen", {"error": kind_and_reason(error)})
                return self.workspace.advance(run, "failed", failure=Failure("crash", reason))

    def train(self, run: Run, protocol: Protocol, work: Work = "training") -> ScoreCard:
        """The scores of a run's code; EvaluationFailed where it comes to none."""
        baseline = self.workspace.history().baseline
        template = TemplateTime.of(card_of(baseline), self.protocol, protocol) if baseline else None
        seed = self.workspace.test_seed()
        assignment = Assignment(run.proposal.source, protocol, self.device, seed, template=template)
        with self.journal.places.working(self.device, Task(work, run.id, run.name)):
            return self.evaluator(assignment, self.journal.training(protocol, self.device))

    def analyse(self, run: Run) -> None:
        """Write the note, keep the variant in the lineage, and close the run."""
        self.journal.phase("analysing", run.proposal)
        run = conclude(self.workspace, self.lineage, run)
        self.ledger.enter(run)
        self.journal.ended(self.workspace.history(), run)
        self.analyses.begin(self.workspace.history(), run)
