"""What a workspace has tried so far, as proposers, the policy and the analyst read it. No input or output."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from agent.baselines import TEMPLATE
from agent.comparison import Comparison, Noise, compare
from agent.record import Run
from agent.score import ScoreCard


@dataclass(frozen=True)
class History:
    """Every run of a workspace in the order of their proposal, and the measured noise of its protocol."""

    runs: tuple[Run, ...]
    noise: Mapping[str, Noise]

    @cached_property
    def scored(self) -> tuple[Run, ...]:
        """The runs that have a row."""
        return tuple(run for run in self.runs if run.scored)

    @property
    def failed(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.failure is not None)

    @property
    def rejected(self) -> tuple[Run, ...]:
        """What a person did not want to have trained; `run.review.reason` says why."""
        return tuple(run for run in self.runs if run.stage == "rejected")

    @property
    def baseline(self) -> Run | None:
        """The template's own run; None before it is scored."""
        return self.find(TEMPLATE)

    @property
    def best(self) -> Run | None:
        """The run with the highest average; of equals the first."""
        return max(self.scored, key=lambda run: card_of(run).average, default=None)

    def find(self, name: str) -> Run | None:
        """The scored run of a variant."""
        return self._by_name.get(name)

    def root(self, run: Run) -> Run | None:
        """The run on whose file a variant's moves were made; None where it is gone.

        It is the nearest ancestor that is not made of moves, often the template; for a run without moves the run
        itself. A known variant has no parent, and its moves are of the template.
        """
        while run.proposal.moves:
            parent = self.find(run.proposal.parents[0] if run.proposal.parents else TEMPLATE)
            if parent is None:
                return None
            run = parent
        return run

    def children(self, name: str) -> tuple[Run, ...]:
        """All that was tried from a variant, whatever became of it."""
        return tuple(run for run in self.runs if name in run.proposal.parents)

    def compare(self, run: Run, other: Run) -> dict[str, Comparison]:
        """Each task, and "average": how a scored run stands against another."""
        pair = run.id, other.id
        if pair not in self._compared:
            self._compared[pair] = compare(card_of(run), card_of(other), self.noise)
        return self._compared[pair]

    @cached_property
    def _by_name(self) -> dict[str, Run]:
        """The first scored run of each name."""
        return {run.name: run for run in reversed(self.scored)}

    @cached_property
    def _compared(self) -> dict[tuple[str, str], dict[str, Comparison]]:
        """What was compared before: readers of a long history ask the same again and again."""
        return {}


def card_of(run: Run) -> ScoreCard:
    """The scores of a run that has them; ValueError for one that has none."""
    if run.card is None:
        raise ValueError(f"run {run.id} ({run.name}) is {run.stage} and has no scores")
    return run.card
