"""The noise of settings that a protocol trains with one seed: the template is trained again, on further seeds of them.

One seed shows nothing of its own noise, so until that is measured no average can be judged. The first search of a
workspace does it, a further seed of all such settings at a time, and every verdict there leans on it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from agent.core.invocation import command
from agent.core.run import Run
from agent.core.score import ScoreCard
from agent.core.sentences import NOISE_SEEDS, counted, measuring_noise
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol
from agent.science.history import card_of
from agent.science.noise import read_noise
from agent.search.budget import Ledger
from agent.search.journal import Journal
from agent.search.place_log import Train
from agent.store.workspace import Workspace


@dataclass
class Replication:
    """What is still to be measured of the noise of a workspace, for one search."""

    workspace: Workspace
    protocol: Protocol
    ledger: Ledger
    say: Callable[[str], None] = lambda line: None
    given_up: bool = field(default=False, init=False)

    def next(self, template: ScoreCard) -> Protocol | None:
        """What the template is to be trained on now: one further seed of each setting that has but one.

        None where that was done often enough, or would take more than half of the time that is left, by what the
        template's own score took.
        """
        lone = self.protocol.lone_settings - read_noise(self.protocol.fingerprint).keys()
        done = len(self.workspace.replicates().cards)
        missing = NOISE_SEEDS - 1 - done
        if self.given_up or not lone or missing <= 0:
            return None
        if not self.ledger.affords(missing * template.seconds):
            self.give_up(f"the time of about {counted(missing, 'more row')} is more than half of what is left")
            return None
        if not done:
            self.say(
                f"· {self.protocol.name} trains {counted(len(lone), 'setting')} with one seed: the template is trained "
                f"on {missing} more seeds, so that averages can be judged"
            )
        return self.protocol.further_seed(lone, done)

    def measure(self, baseline: Run, journal: Journal, train: Train) -> bool:
        """Train the scored template on what is next; False where nothing is to be done."""
        part = self.next(card_of(baseline))
        if part is None:
            return False
        journal.phase("measuring the noise with", baseline.proposal)
        with self.ledger.evaluating():
            try:
                self.keep(train(baseline, part, "measuring the noise with"))
            except EvaluationFailed as error:
                self.give_up(str(error))
        return True

    def keep(self, card: ScoreCard) -> None:
        """What came of it."""
        self.workspace.keep_replicate(card)
        self.say(f"· noise: {len(self.workspace.replicates().cards)} of {NOISE_SEEDS - 1} further seeds are trained")

    def give_up(self, reason: str) -> None:
        """Measure nothing more in this search, and say so."""
        self.given_up = True
        seeds = 1 + len(self.workspace.replicates().cards)
        known = f"is told from {seeds} seeds alone" if seeds > 1 else "is not measured, so averages will not be judged"
        measure = command(measuring_noise(self.protocol.name), module="agent.study")
        self.say(f"· the noise {known}: {reason}; by hand: {measure}")
