"""The end of a search: finalists, the template and the best known variant are trained on seeds no choice ever saw."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.analyst.note import render_note
from agent.core.run import Run
from agent.core.score import Confirmation
from agent.core.sentences import counted
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import on_fresh_seeds
from agent.science.confirmation import finalists, references, times_before
from agent.science.history import History, card_of
from agent.search.budget import Ledger
from agent.search.journal import Journal
from agent.search.place_log import Train
from agent.store.folder import NOTE
from agent.store.workspace import Workspace

SHARE = 0.2  # of the hours
MOST_TIMES = 6  # as many seeds as the protocol's own
LEAST_TRIED = 3  # proposals, of which the best is a chosen one
LEAST_ROWS = 2  # the best proposal's and the template's


@dataclass(frozen=True)
class Plan:
    """Who is trained on fresh seeds, in this order, and on how many times the protocol's own number."""

    everyone: tuple[Run, ...] = ()
    times: int = 0


@dataclass
class Confirming:
    """What is still to be trained on fresh seeds, for one search or for `confirm`."""

    workspace: Workspace
    protocol: Protocol
    ledger: Ledger
    journal: Journal
    given_up: dict[str, str] = field(default_factory=dict, init=False)  # run id -> why

    def reserve(self, history: History) -> float:
        """The seconds of a search's time that are kept for this; none where a fifth would not do for a finalist."""
        hours = self.ledger.budget.hours
        return SHARE * hours * 3600 if hours and self.plan(history, SHARE * hours * 3600).times else 0.0

    def seconds_left(self, history: History) -> float:
        """How long confirming may take now: a fifth of the hours, and no more than is left of them.

        Without hours a fifth of all that is trained; and after LEAST_TRIED proposals enough for the best of them.
        """
        hours = self.ledger.budget.hours
        if hours:
            return min(SHARE * hours * 3600, hours * 3600 - self.ledger.seconds)
        share = SHARE / (1 - SHARE) * sum(self.ledger.evaluations)
        if history.baseline is None or self.ledger.tried < LEAST_TRIED:
            return share
        return max(share, LEAST_ROWS * card_of(history.baseline).seconds)

    def plan(self, history: History, seconds: float) -> "Plan":
        """Who can be trained on fresh seeds in so many seconds, on as many seeds as the template was before.

        Fewer finalists where time is short, and without the best known variant where it is shorter still.
        """
        chosen, beside = finalists(history), references(history)
        if not chosen or not beside:
            return Plan()
        template, *known = beside
        before = times_before(history)
        for everyone in (
            *((template, *chosen[:count], *known) for count in range(len(chosen), 0, -1)),
            (template, chosen[0]),
        ):
            missing = self.missing(history, everyone)
            fitting = int(seconds / (card_of(template).seconds * max(1, len(missing))))
            times = before or min(MOST_TIMES, fitting)
            if missing and 0 < times <= fitting:
                return Plan(tuple(missing), times)
        return Plan()

    def confirm(self, train: Train, chosen: Sequence[Run] = (), times: int = 0) -> None:
        """Train the chosen runs and their references on so many times the protocol's seeds.

        Without chosen ones: as many finalists as there is time for, which may be none.
        """
        history = self.workspace.history()
        if chosen:
            template, *known = references(history)
            plan = Plan(tuple(self.missing(history, (template, *chosen, *known))), times)
        else:
            plan = self.plan(history, self.seconds_left(history))
        for run in plan.everyone:
            if self.ledger.interrupted:
                return
            self.journal.phase("confirming", run.proposal)
            with self.ledger.evaluating():
                try:
                    self.keep(run, Confirmation(plan.times, train(run, self.fresh(plan.times), "confirming")))
                except EvaluationFailed as error:
                    self.give_up(run, str(error))
        self.journal.confirmed(self.workspace.history())

    def confirm_asked(self, train: Train, run: Run) -> str:
        """Train a run that a person chose, and its references; returns why it could not be trained, or nothing.

        It is trained however little time is left, on as many seeds as those that were confirmed before it.
        """
        history = self.workspace.history()
        times = times_before(history) or max(1, self.plan(history, self.seconds_left(history)).times)
        self.confirm(train, [run], times)
        return self.given_up.get(run.id, "")

    def missing(self, history: History, everyone: Iterable[Run]) -> list[Run]:
        """Those of them that have no score on fresh seeds yet."""
        return [run for run in everyone if run.id not in history.confirmations and run.id not in self.given_up]

    def fresh(self, times: int) -> Protocol:
        """The protocol on fresh seeds."""
        return on_fresh_seeds(self.protocol, times)

    def keep(self, run: Run, confirmation: Confirmation) -> None:
        """What came of it."""
        self.workspace.keep_confirmation(run, confirmation)
        self.workspace.write(run, NOTE, render_note(self.workspace.history(), run))  # which says how it stands
        seeds = f"{counted(confirmation.times, 'time')} the protocol's seeds"
        self.journal.line(f"· fresh seeds: {run.name} {confirmation.card.average:.4f} on {seeds}")

    def give_up(self, run: Run, reason: str) -> None:
        """Leave a run unconfirmed in this search, and say so."""
        self.given_up[run.id] = reason
        self.journal.line(f"· {run.name} is not confirmed: {reason}")
