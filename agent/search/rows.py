"""A run on its way from its approval to its row: it is trained, and closed with its note."""

from contextlib import suppress
from dataclasses import dataclass

from agent.core.errors import kind_and_reason
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import BASELINE, Run
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol
from agent.search.analyses import Analyses
from agent.search.budget import Ledger
from agent.search.closing import conclude
from agent.search.drafts import Drafts
from agent.search.journal import Journal
from agent.search.scheduler import Meanwhile
from agent.search.steps import Answer, Task
from agent.store.folder import LOG, UnreadableRun
from agent.store.lineage import Lineage
from agent.store.workspace import StaleRun, Workspace


@dataclass
class Rows:
    """Trains what is approved, and closes what has ended."""

    workspace: Workspace
    protocol: Protocol
    lineage: Lineage
    ledger: Ledger
    journal: Journal
    analyses: Analyses
    drafts: Drafts

    def may_begin(self, run: Run) -> bool:
        """Whether an unfinished run fits into what is left of the proposals that there are to be."""
        fits = run.id in self.ledger.under_way or not self.ledger.proposals_over
        return run.stage != "approved" or run.proposal.author == BASELINE or fits

    def next(self, run: Run) -> "Training | Meanwhile":
        """The training of a run if it is approved; else it has ended, and is closed here and now."""
        if run.stage == "approved":
            return Training(self, run, self.protocol, Task.of("training", run))
        with suppress(StaleRun):  # somebody at another shell was quicker
            self.close(run)
        return Meanwhile.CHANGED

    def close(self, run: Run) -> None:
        """Write the note, keep the variant in the lineage, and close the run."""
        self.journal.phase("analysing", run.proposal)
        run = conclude(self.workspace, self.lineage, run)
        self.ledger.enter(run)
        self.journal.ended(self.workspace.history(), run)
        self.analyses.begin(self.workspace.history(), run)


@dataclass
class Training:
    """A run whose variant is trained."""

    rows: Rows
    run: Run
    protocol: Protocol
    task: Task

    def begin(self) -> None:
        """Have the next proposals prepared meanwhile, where that takes long."""
        rows = self.rows
        rows.journal.phase("training", self.run.proposal)
        self.run = rows.workspace.advance(self.run, "evaluating", attempts=self.run.attempts + 1)
        rows.ledger.register(self.run)
        if self.run.proposal.author != BASELINE and rows.ledger.goes_on():
            rows.drafts.prepare(rows.workspace.history(), rows.ledger.runs_ahead)

    def end(self, answer: Answer) -> None:
        """A failure has a reason and no score. Also a run whose training used up the budget gets its note."""
        self.rows.close(self._ended(answer))

    def give_back(self) -> None:
        with suppress(StaleRun):
            self.rows.workspace.advance(self.run, "approved", attempts=self.run.attempts - 1)

    def _ended(self, answer: Answer) -> Run:
        workspace = self.rows.workspace
        if isinstance(answer, EvaluationFailed):
            workspace.write(self.run, LOG, f"{answer}\n\n{answer.failure.log_tail}")
            return workspace.advance(self.run, "failed", failure=answer.failure)
        try:
            return workspace.advance(self.run, "evaluated", card=answer)
        except UnreadableRun as error:
            reason = Reason("failure.unforeseen", {"error": kind_and_reason(error)})
            return workspace.advance(self.run, "failed", failure=Failure("crash", reason))
