"""The last leg of a night, and `verify`: what was confirmed is tried at greater lengths, by pairs, and on text.

The template comes first, since without it on the same seeds nothing is told. What was verified before is not trained
again, so that a verification that was stopped goes on where it was.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from agent.analyst.note import render_note
from agent.core.run import Run
from agent.core.score import ScoreCard
from agent.core.text import ENGLISH
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.pace import TemplateTime
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import VERIFYING, reading
from agent.science.history import History, card_of
from agent.science.verification import to_verify
from agent.science.verification_words import verified
from agent.search.budget import Ledger
from agent.search.journal import Journal
from agent.search.steps import Answer, Task
from agent.store.folder import NOTE
from agent.store.workspace import Workspace

SHARE = 0.1  # of a search's hours
LEAST_ROWS = 2  # the winner's and the template's


@dataclass(frozen=True)
class Training:
    """One training of a verification."""

    run: Run
    protocol: Protocol


@dataclass
class Verifying:
    """What is still to be verified, in the hours of a ledger. `protocol` is that of the workspace's rows."""

    workspace: Workspace
    protocol: Protocol
    ledger: Ledger
    line: Callable[[str], None]
    protocols: tuple[Protocol, ...] = VERIFYING
    text: str | None = None  # the path of what a protocol of text reads; None for the default text
    given_up: dict[str, str] = field(default_factory=dict, init=False)  # run id -> why
    planned: list[Training] = field(default_factory=list, init=False)  # to be begun at the end of a search
    until: float | None = field(default=None, init=False)  # seconds of the ledger; None for its hours

    @cached_property
    def by(self) -> tuple[Protocol, ...]:
        """The protocols, with the digest of the text that is there. UsageError where that is none."""
        return tuple(reading(protocol, self.text if protocol.text else None) for protocol in self.protocols)

    def verify(
        self, train: Callable[[Training], ScoreCard], chosen: Sequence[Run], beside: Sequence[Run] = ()
    ) -> list[Training]:
        """Train the template, the chosen runs and what else is beside them; returns what there was no time for."""
        left = []
        for training in self.missing(self.workspace.history(), (*chosen, *beside)):
            if training.run.id in self.given_up:
                continue
            if self.ledger.interrupted or not self.affords(training.protocol):
                left.append(training)
                continue
            try:
                self.keep(training, train(training))
            except EvaluationFailed as error:
                self.give_up(training, str(error))
        return left

    def missing(self, history: History, everyone: Sequence[Run]) -> list[Training]:
        """What these runs and the template were not trained by yet, the template first."""
        assert history.baseline is not None, "callers see to it that the template has a score"
        runs = {run.id: run for run in (history.baseline, *everyone)}
        wanted = [Training(run, protocol) for protocol in self.by for run in runs.values()]
        return [training for training in wanted if not _done(history, training)]

    def reserve(self, history: History, may_win: bool = True) -> float:
        """The seconds of a search's time that are kept for its winners.

        None where a tenth would not do for one, and where there is no winner yet and nothing that may become one.
        """
        if not (may_win or to_verify(history)):
            return 0.0
        hours = self.ledger.budget.hours
        seconds = SHARE * hours * 3600 if hours and history.baseline and self.protocols else 0.0
        return seconds if seconds and seconds >= LEAST_ROWS * self.expected(history, self.protocols[0]) else 0.0

    def plan_winners(self) -> None:
        """Have what won on fresh seeds verified, in what is left of the hours; without hours in a tenth of it all."""
        history = self.workspace.history()
        winners = to_verify(history)
        self.planned = self.missing(history, winners) if winners else []
        share = SHARE / (1 - SHARE) * sum(self.ledger.evaluations) / self.ledger.places
        self.until = None if self.ledger.budget.hours else self.ledger.seconds + share

    def step(self, journal: Journal) -> "Verify | None":
        """The next training that was planned; None where none is, or no time for it."""
        if not self.planned or not self.affords(self.planned[0].protocol):
            self.planned = []  # what follows takes as long
            return None
        return Verify(self, self.planned[0], journal)

    def affords(self, protocol: Protocol) -> bool:
        """Whether a training by a protocol probably ends before the time does."""
        hours, until = self.ledger.budget.hours, self.until
        if until is None and hours is not None:
            until = hours * 3600
        return until is None or self.ledger.seconds + self.expected(self.workspace.history(), protocol) <= until

    def expected(self, history: History, protocol: Protocol) -> float:
        """How many seconds a training will take: what the template's took, or by the tokens of its row."""
        template = history.baseline
        if template is None:
            return 0.0
        known = history.verifications.get(template.id)
        card = known.under(protocol.fingerprint) if known else None
        return card.seconds if card else TemplateTime.of(card_of(template), self.protocol, protocol).seconds

    def keep(self, training: Training, card: ScoreCard) -> None:
        """Keep the card, write the notes that it changes, and say what is known by now."""
        self.workspace.keep_verified(training.run, card)
        history = self.workspace.history()
        for run in _told_anew(history, training.run):
            self.workspace.write(run, NOTE, render_note(history, run))
        said = verified(history, training.run)
        self.line(f"· {training.protocol.name}: {training.run.name}" + (f" {said[ENGLISH]}" if said else ""))

    def give_up(self, training: Training, reason: str) -> None:
        """Leave a run unverified for now, and say so; without the template everything."""
        self.given_up[training.run.id] = reason
        baseline = self.workspace.history().baseline
        alone = baseline is not None and training.run.id == baseline.id
        self.planned = [] if alone else [each for each in self.planned if each.run.id != training.run.id]
        self.line(f"· {training.run.name} is not verified: {reason}")


@dataclass
class Verify:
    """A step of a search: one training of its verification."""

    verifying: Verifying
    training: Training
    journal: Journal

    @property
    def run(self) -> Run:
        return self.training.run

    @property
    def protocol(self) -> Protocol:
        return self.training.protocol

    @property
    def task(self) -> Task:
        return Task.of("verifying", self.run)

    def begin(self) -> None:
        self.verifying.planned.remove(self.training)
        self.journal.phase("verifying", self.run.proposal)

    def end(self, answer: Answer) -> None:
        if isinstance(answer, EvaluationFailed):
            self.verifying.give_up(self.training, str(answer))
        else:
            self.verifying.keep(self.training, answer)
        self.journal.confirmed(self.verifying.workspace.history())

    def give_back(self) -> None:
        """Nothing is kept of it: `verify` trains it anew."""


def _done(history: History, training: Training) -> bool:
    known = history.verifications.get(training.run.id)
    return known is not None and known.under(training.protocol.fingerprint) is not None


def _told_anew(history: History, run: Run) -> Iterator[Run]:
    """Those of whose verification a note tells something new: the run, or all if it is the template."""
    everyone = history.scored if history.baseline and run.id == history.baseline.id else (run,)
    yield from (one for one in everyone if one.id in history.verifications and one.finished)
