"""The end of a search: finalists, the template and the best known variant are trained on seeds no choice ever saw."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.analyst.note import render_note
from agent.core.run import Run
from agent.core.score import Confirmation
from agent.core.sentences import counted
from agent.core.text import say
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol, ceil_div
from agent.evaluator.protocols import on_fresh_seeds
from agent.science.confirmation import finalists, references, times_before
from agent.science.history import History, card_of
from agent.search.budget import Ledger
from agent.search.journal import Journal
from agent.search.steps import Answer, Task
from agent.store.folder import NOTE
from agent.store.requests import ToConfirm, close_to_confirm, to_confirm
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
    """What is still to be trained on fresh seeds, for one search or for `confirm`; on at most so many times the
    protocol's own."""

    workspace: Workspace
    protocol: Protocol
    ledger: Ledger
    journal: Journal
    most_times: int = MOST_TIMES
    given_up: dict[str, str] = field(default_factory=dict, init=False)  # run id -> why
    planned: list[Run] = field(default_factory=list, init=False)  # to be begun, in this order
    times: int = field(default=0, init=False)  # how many times the protocol's seeds they are trained on
    under_way: set[str] = field(default_factory=set, init=False)  # ids of runs

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
        share = SHARE / (1 - SHARE) * sum(self.ledger.evaluations) / self.ledger.places
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
            rounds = max(1, ceil_div(len(missing), self.ledger.places))  # as many at once as there are places
            fitting = int(seconds / (card_of(template).seconds * rounds))
            times = before or min(self.most_times, fitting)
            if missing and 0 < times <= fitting:
                return Plan(tuple(missing), times)
        return Plan()

    def plan_finalists(self) -> None:
        """Have as many finalists trained as there is time for, which may be none, and their references."""
        history = self.workspace.history()
        plan = self.plan(history, self.seconds_left(history))
        self.planned, self.times = list(plan.everyone), plan.times

    def plan_chosen(self, history: History, chosen: Sequence[Run], times: int) -> None:
        """Have these runs trained on so many times the protocol's seeds, and their references."""
        template, *known = references(history)
        self.planned, self.times = self.missing(history, (template, *chosen, *known)), times

    def plan_asked(self, history: History) -> None:
        """Have the first run trained of which a person asked that, unless something is planned or under way.

        It is trained however little time is left, on as many seeds as those that were confirmed before it.
        """
        if self.planned or self.under_way:
            return
        runs = {run.id: run for run in history.scored}
        for asked in self.settle(history):
            if asked.run in runs:
                times = times_before(history) or max(1, self.plan(history, self.seconds_left(history)).times)
                self.plan_chosen(history, [runs[asked.run]], times)
                return
            close_to_confirm(self.workspace, asked, say("confirm.gone"))

    def settle(self, history: History) -> list[ToConfirm]:
        """Close what a person asked for and is done, or has failed; what still waits for its scores.

        What was interrupted waits for the next search.
        """
        waiting = []
        for asked in to_confirm(self.workspace):
            if asked.waits and asked.run in history.confirmations:
                close_to_confirm(self.workspace, asked)
            elif asked.waits and asked.run in self.given_up:
                close_to_confirm(self.workspace, asked, say("confirm.trouble", reason=self.given_up[asked.run]))
            elif asked.waits:
                waiting.append(asked)
        return waiting

    def step(self) -> "Confirm | None":
        """The next training that was planned."""
        if not self.planned:
            return None
        return Confirm(self, self.planned[0], self.fresh(self.times), self.times)

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


@dataclass
class Confirm:
    """A run that is trained on so many times its protocol's seeds, all of them fresh."""

    confirming: Confirming
    run: Run
    protocol: Protocol
    times: int

    @property
    def task(self) -> Task:
        return Task.of("confirming", self.run)

    def begin(self) -> None:
        self.confirming.planned.remove(self.run)
        self.confirming.under_way.add(self.run.id)
        self.confirming.journal.phase("confirming", self.run.proposal)

    def end(self, answer: Answer) -> None:
        self.confirming.under_way.remove(self.run.id)
        if isinstance(answer, EvaluationFailed):
            self.confirming.give_up(self.run, str(answer))
        else:
            self.confirming.keep(self.run, Confirmation(self.times, answer))
        history = self.confirming.workspace.history()
        self.confirming.settle(history)
        self.confirming.journal.confirmed(history)

    def give_back(self) -> None:
        """Nothing is kept of it: a later search trains it, or `confirm`."""
