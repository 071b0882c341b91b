"""A run on its way from its approval to its row: it is trained leg by leg, or stopped after one, and closed."""

from contextlib import suppress
from dataclasses import dataclass, replace

from agent.core.errors import kind_and_reason
from agent.core.failure import Failure
from agent.core.legs import seeds_of
from agent.core.reason import Reason
from agent.core.run import BASELINE, Run
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.legs import joined
from agent.evaluator.protocol import Protocol
from agent.evaluator.training.leaving import curves_of
from agent.science.history import History
from agent.science.promotion import reason_to_stop
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
    leave: bool = False  # whether trainings of proposals that lie far behind the template's end early

    def may_begin(self, run: Run) -> bool:
        """Whether an unfinished run fits into what is left of the proposals that there are to be."""
        fits = run.id in self.ledger.under_way or not self.ledger.proposals_over
        return run.stage != "approved" or run.proposal.author == BASELINE or fits

    def next(self, history: History, run: Run) -> "Training | Meanwhile":
        """The next leg of a run if it is approved and that leg is worth it; else it is closed here and now."""
        with suppress(StaleRun):  # somebody at another shell was quicker
            if run.stage == "approved" and (reason := self._why_not(history, run)) is None:
                return self._leg(run)
            if run.stage == "approved":  # what came since its last leg speaks against it
                run = self.workspace.advance(run, "evaluating", attempts=run.attempts + 1)
                run = self.workspace.advance(run, "stopped", stopped=reason)
            self.close(run)
        return Meanwhile.CHANGED

    def _leg(self, run: Run) -> "Training":
        """The next leg. Legs of another cut than the protocol has now count for nothing."""
        parts = self._parts(run)
        seeds = [frozenset((setting.label, seed) for setting, seed in part.grids) for part in parts]
        if [seeds_of(card) for card in run.legs] != seeds[: len(run.legs)]:
            run = self.workspace.amend(run, legs=())
        done = len(run.legs)
        return Training(self, run, self._leaving(run, parts[done]), Task.of("training", run, done + 1, len(parts)))

    def _parts(self, run: Run) -> tuple[Protocol, ...]:
        """The legs of its row. A known variant, with which others are compared, is trained at once."""
        return (self.protocol,) if run.proposal.author == BASELINE else self.protocol.leg_parts()

    def _leaving(self, run: Run, part: Protocol) -> Protocol:
        """The part with the template's curves, far behind which trainings leave: of proposals, where that is asked."""
        baseline = self.workspace.history().baseline
        if not self.leave or run.proposal.author == BASELINE or baseline is None:
            return part
        card = self.workspace.with_curves(baseline).card
        return replace(part, template_curves=curves_of(card) if card else ())

    def _why_not(self, history: History, run: Run) -> Reason | None:
        """Why no further leg of a run is worth training, by what is known now."""
        return reason_to_stop(history, run) if run.legs else None

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
        """Between two legs a run is approved, and whether it goes on is decided when a place is free.

        A failure has a reason and no score. Also a run whose training used up the budget gets its note.
        """
        run = self._ended(answer)
        if run.stage != "approved":
            self.rows.close(run)

    def give_back(self) -> None:
        workspace = self.rows.workspace  # which is asked how far the run is: Ctrl-C may come in the middle of anything
        for run in workspace.history().runs:
            if run.id == self.run.id and run.stage == "evaluating":
                workspace.advance(run, "approved", attempts=run.attempts - 1)

    def _ended(self, answer: Answer) -> Run:
        workspace = self.rows.workspace
        if isinstance(answer, EvaluationFailed):
            workspace.write(self.run, LOG, f"{answer}\n\n{answer.failure.log_tail}")
            return workspace.advance(self.run, "failed", failure=answer.failure)
        try:
            legs = (*self.run.legs, answer)
            if self.task.leg < self.task.legs:
                return workspace.advance(self.run, "approved", legs=legs, attempts=self.run.attempts - 1)
            card = joined(legs, self.rows.protocol) if self.run.legs else answer
            return workspace.advance(self.run, "evaluated", card=card, legs=())
        except UnreadableRun as error:
            reason = Reason("failure.unforeseen", {"error": kind_and_reason(error)})
            return workspace.advance(self.run, "failed", failure=Failure("crash", reason))
