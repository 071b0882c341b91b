"""The end of a search: finalists, the template and the best known variant are trained on seeds no choice ever saw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.core.run import Proposal, Run
from agent.core.score import Confirmation, ScoreCard
from agent.core.sentences import counted
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import on_fresh_seeds
from agent.science.confirmation import finalists, references
from agent.science.history import History, card_of
from agent.search.budget import Ledger
from agent.search.journal import Journal
from agent.store.workspace import Workspace

SHARE = 0.2  # of the hours
MOST_TIMES = 6  # as many seeds as the protocol's own


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
        return SHARE * hours * 3600 if hours and self.times(history, SHARE * hours * 3600) else 0.0

    @property
    def seconds_left(self) -> float:
        """How long confirming may take now: a fifth of the hours, and no more than is left of them."""
        hours = self.ledger.budget.hours
        return min(SHARE * hours * 3600, hours * 3600 - self.ledger.seconds) if hours else 0.0

    def times(self, history: History, seconds: float) -> int:
        """How many times the protocol's seeds everyone may be trained on in so many seconds; 0 where not even once."""
        baseline, chosen = history.baseline, finalists(history)
        if baseline is None or not chosen:
            return 0
        if baseline.id in history.confirmations:
            return history.confirmations[baseline.id].times
        row = card_of(baseline).seconds
        return min(MOST_TIMES, max(0, int(seconds / (row * (len(chosen) + len(references(history)))))))

    def confirm(
        self, train: Callable[[Proposal, Protocol], ScoreCard], chosen: Sequence[Run] = (), times: int = 0
    ) -> None:
        """Train the finalists, or the chosen runs, and their references on so many times the protocol's seeds.

        Without `times`, on as many as the time that is left for it allows; where that is not even one, nothing is done.
        """
        history = self.workspace.history()
        times = times or self.times(history, self.seconds_left)
        if not times:
            return
        for run in self.waiting(history, chosen or finalists(history)):
            if self.ledger.interrupted:
                return
            self.journal.phase("confirming", run.proposal)
            with self.ledger.evaluating():
                try:
                    self.keep(run, Confirmation(times, train(run.proposal, self.fresh(times))))
                except EvaluationFailed as error:
                    self.give_up(run, str(error))
        self.journal.confirmed(self.workspace.history())

    def confirm_asked(self, train: Callable[[Proposal, Protocol], ScoreCard], run: Run) -> str:
        """Train a run that a person chose, and its references; returns why it could not be trained, or nothing.

        It is trained however little time is left, on as many seeds as those that were confirmed before it.
        """
        history = self.workspace.history()
        known = history.confirmations.get(history.baseline.id) if history.baseline else None
        self.confirm(train, [run], known.times if known else max(1, self.times(history, self.seconds_left)))
        return self.given_up.get(run.id, "")

    def waiting(self, history: History, chosen: Sequence[Run]) -> list[Run]:
        """Who has no score on fresh seeds yet, the template first; nobody where nobody was chosen."""
        everyone = [*references(history)[:1], *chosen, *references(history)[1:]] if chosen else []
        return [run for run in everyone if run.id not in history.confirmations and run.id not in self.given_up]

    def fresh(self, times: int) -> Protocol:
        """The protocol on fresh seeds."""
        return on_fresh_seeds(self.protocol, times)

    def keep(self, run: Run, confirmation: Confirmation) -> None:
        """What came of it."""
        self.workspace.keep_confirmation(run, confirmation)
        seeds = f"{counted(confirmation.times, 'time')} the protocol's seeds"
        self.journal.line(f"· fresh seeds: {run.name} {confirmation.card.average:.4f} on {seeds}")

    def give_up(self, run: Run, reason: str) -> None:
        """Leave a run unconfirmed in this search, and say so."""
        self.given_up[run.id] = reason
        self.journal.line(f"· {run.name} is not confirmed: {reason}")
