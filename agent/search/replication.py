"""The noise of settings that a protocol trains with one seed: the template is trained again, on further seeds of them.

One seed shows nothing of its own noise, so until that is measured no average can be judged. The first search of a
workspace does it, a further seed of all such settings at a time, and every verdict there leans on it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from agent.core.invocation import command
from agent.core.legs import seeds_of
from agent.core.run import Run
from agent.core.score import ScoreCard
from agent.core.sentences import NOISE_SEEDS, counted, measuring_noise
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocol import Protocol
from agent.science.history import card_of
from agent.science.noise import read_noise
from agent.search.budget import Ledger
from agent.search.journal import Journal
from agent.search.steps import Answer, Task
from agent.store.workspace import Workspace


@dataclass
class Replication:
    """What is still to be measured of the noise of a workspace, for one search."""

    workspace: Workspace
    protocol: Protocol
    ledger: Ledger
    say: Callable[[str], None] = lambda line: None
    given_up: bool = field(default=False, init=False)
    under_way: list[Protocol] = field(default_factory=list, init=False)

    def next(self, template: ScoreCard) -> Protocol | None:
        """What the template is to be trained on now: one further seed of each setting that has but one.

        None where that was done often enough, or would take more than half of the time that is left, by what the
        template's own score took.
        """
        lone = self.protocol.lone_settings - read_noise(self.protocol.fingerprint).keys()
        done = len(self.workspace.replicates().cards)
        missing = NOISE_SEEDS - 1 - done - len(self.under_way)
        if self.given_up or not lone or missing <= 0:
            return None
        if not self.ledger.affords(missing * template.seconds):
            self.give_up(f"the time of about {counted(missing, 'more row')} is more than half of what is left")
            return None
        if not done and not self.under_way:
            self.say(
                f"· {self.protocol.name} trains {counted(len(lone), 'setting')} with one seed: the template is trained "
                f"on {missing} more seeds, so that averages can be judged"
            )
        parts = (self.protocol.further_seed(lone, number) for number in count())
        return next(part for part in parts if part not in self.under_way and not self._trained(part))

    def _trained(self, part: Protocol) -> bool:
        """Whether a card of these seeds is kept. They come in any order where several are under way."""
        wanted = {(setting.label, seed) for setting, seed in part.grids}
        return any(wanted & seeds_of(card) for card in self.workspace.replicates().cards)

    def step(self, baseline: Run, journal: Journal) -> "Replicate | None":
        """The training of the scored template on what is next; None where nothing is to be done."""
        part = self.next(card_of(baseline))
        return Replicate(self, journal, baseline, part) if part else None

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


@dataclass
class Replicate:
    """The template, trained on a further seed of settings that have but one."""

    replication: Replication
    journal: Journal
    run: Run
    protocol: Protocol

    @property
    def task(self) -> Task:
        return Task.of("measuring the noise with", self.run)

    def begin(self) -> None:
        self.journal.phase("measuring the noise with", self.run.proposal)
        self.replication.under_way.append(self.protocol)

    def end(self, answer: Answer) -> None:
        self.replication.under_way.remove(self.protocol)
        if isinstance(answer, EvaluationFailed):
            self.replication.give_up(str(answer))
        else:
            self.replication.keep(answer)

    def give_back(self) -> None:
        """Nothing is kept of it: the next search trains it."""
