"""The data of what a run showed beyond its row: accuracy against length and against pairs, beside the template."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from agent.core.run import Run
from agent.core.score import ScoreCard, log_odds
from agent.core.text import Text
from agent.science.capacity import Capacity, capacity, pairs_held, pairs_points
from agent.science.comparison import Comparison
from agent.science.history import History
from agent.science.lengths import LengthPoint, length_points, lengths_of
from agent.science.verification_words import verified


@dataclass(frozen=True)
class Point:
    """Plain accuracy at so many times the length, or so many pairs, beside the template's where that is known.

    `low` and `high` are between what the accuracy lies against the template's with 95 percent, in pairs of seeds.
    """

    number: int
    mine: float
    theirs: float | None
    gain: Comparison | None  # in log-odds

    @property
    def bounds(self) -> tuple[float, float] | None:
        if self.gain is None or not math.isfinite(self.gain.needed):
            return None
        middle = log_odds(self.mine)
        return _fraction(middle - self.gain.needed), _fraction(middle + self.gain.needed)


@dataclass(frozen=True)
class Doubling:
    """Accuracies at numbers of which each is a few times the one before: of a task, or of all pairs."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Shown:
    """What a run showed beyond its row. `fresh`: its lengths are of a verification, and not of the row itself."""

    said: Text | None
    lengths: tuple[Doubling, ...]
    fresh: bool
    pairs: Doubling | None
    capacity: Capacity | None
    held: float | None  # pairs, where nothing is beside it

    @property
    def numbers(self) -> tuple[int, ...]:
        """At how many times its length anything was tested, its own among them."""
        return tuple(sorted({point.number for panel in self.lengths for point in panel.points}))


def shown_by(history: History, run: Run) -> Shown | None:
    """What a scored run showed at greater lengths and with several numbers of pairs; None where nothing was tested."""
    template = history.baseline
    card, other = _of_lengths(history, run), None
    fresh = card is not run.card
    if card is not None and template is not None and template.id != run.id:
        other = _counterpart(history, template, card)
    points = length_points(card, other, {} if fresh else history.noise) if card else ()
    pairs = next((each for each in _verified(history, run) if pairs_points(each, None)), None)
    beside = _counterpart(history, template, pairs) if pairs and template and template.id != run.id else None
    if not points and pairs is None:
        return None
    return Shown(
        verified(history, run),
        tuple(_panels(points)),
        fresh,
        _doubling(pairs, beside) if pairs else None,
        capacity(pairs, beside) if pairs and beside else None,
        _held(pairs) if pairs else None,
    )


def _of_lengths(history: History, run: Run) -> ScoreCard | None:
    """The card with the most lengths: that of a verification, or the row's own."""
    tested = [card for card in (*_verified(history, run), *([run.card] if run.card else [])) if lengths_of(card)]
    return max(tested, key=lambda card: len(lengths_of(card)), default=None)


def _verified(history: History, run: Run) -> tuple[ScoreCard, ...]:
    found = history.verifications.get(run.id)
    return found.cards if found else ()


def _counterpart(history: History, template: Run, card: ScoreCard) -> ScoreCard | None:
    """The template's card of the same protocol."""
    cards = (*_verified(history, template), *([template.card] if template.card else []))
    return next((each for each in cards if each.fingerprint == card.fingerprint), None)


def _panels(points: Iterable[LengthPoint]) -> Iterable[Doubling]:
    """A panel a task."""
    found: dict[str, list[Point]] = {}
    for each in points:
        found.setdefault(each.task, []).append(Point(each.times, each.mine, each.theirs, each.gain))
    return (Doubling(task, tuple(of)) for task, of in found.items())


def _doubling(card: ScoreCard, beside: ScoreCard | None) -> Doubling:
    found = pairs_points(card, beside)
    return Doubling("pairs", tuple(Point(each.pairs, each.mine, each.theirs, each.gain) for each in found))


def _held(card: ScoreCard) -> float:
    """Of the mean accuracies, which a reader sees in the table."""
    return pairs_held({each.pairs: each.mine for each in pairs_points(card, None)}).pairs


def _fraction(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-odds))
