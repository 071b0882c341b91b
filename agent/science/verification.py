"""Whether what was confirmed holds beyond its row: at a greater length, with more pairs per byte, on text.

A verification is read only beside the template's of the same protocol, draws and seeds: else there is no verdict.
"""

from dataclasses import dataclass

from agent.core.run import Run
from agent.core.score import ScoreCard
from agent.science.capacity import Capacity, capacity
from agent.science.confirmation import confirmed
from agent.science.history import History
from agent.science.lengths import AtLength, at_length, lengths_of
from agent.science.text_gain import TextGain, text_gain

HEADLINE = 2  # times the length, of which the verdict in words is


@dataclass(frozen=True)
class Verdict:
    """What a verified variant showed against the template; each part may be missing."""

    lengths: tuple[AtLength, ...] = ()
    capacity: Capacity | None = None
    text: TextGain | None = None

    @property
    def headline(self) -> AtLength | None:
        """That of twice the length."""
        return next((each for each in self.lengths if each.times == HEADLINE), None)

    @property
    def asked(self) -> int:
        """Of how many questions there is an answer: holds at twice its length, more pairs per byte, fewer bits."""
        return sum(part is not None for part in (self.headline, self.capacity, self.text))

    @property
    def passed(self) -> int:
        """How many of them are surely answered with yes."""
        return sum(
            (
                self.headline is not None and self.headline.holding == "holds",
                self.capacity is not None and self.capacity.per_byte == "more",
                self.text is not None and self.text.bits == "fewer" and self.text.bits_recalled == "fewer",
            )
        )


@dataclass(frozen=True)
class Pair:
    """A card of a verification, and the template's of the same protocol."""

    card: ScoreCard
    template: ScoreCard


def verdict_of(history: History, run: Run) -> Verdict | None:
    """How a verified run stands against the template; None of the template itself, and where one of both is missing."""
    pairs = pairs_of(history, run)
    if not pairs:
        return None
    lengths = (at_length(pair.card, pair.template, times) for pair in pairs for times in lengths_of(pair.card))
    capacities = (capacity(pair.card, pair.template) for pair in pairs)
    texts = (text_gain(pair.card, pair.template) for pair in pairs)
    return Verdict(
        tuple(found for found in lengths if found is not None),
        next((found for found in capacities if found is not None), None),
        next((found for found in texts if found is not None), None),
    )


def pairs_of(history: History, run: Run) -> list[Pair]:
    """The cards by which a run was verified as the template was: by the same protocol and draws."""
    template = history.baseline
    if template is None or run.id == template.id:
        return []
    mine, theirs = (history.verifications.get(one.id) for one in (run, template))
    if mine is None or theirs is None:
        return []
    found = ((card, theirs.under(card.fingerprint)) for card in mine.cards)
    return [Pair(card, other) for card, other in found if other is not None and other.test_seed == card.test_seed]


def to_verify(history: History) -> list[Run]:
    """What a search verifies at its end: the winners on fresh seeds, the furthest above the template first."""
    known = {run.id: confirmed(history, run) for run in history.scored}
    won = {key: found for key, found in known.items() if found is not None and found.winner}
    return sorted((run for run in history.scored if run.id in won), key=lambda run: -won[run.id].margin)
