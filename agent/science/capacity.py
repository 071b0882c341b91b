"""Capacity: how many distinct pairs a state holds, by recall with rising numbers of pairs (arXiv 2312.04927).

A variant holds so many pairs at HELD of its answers right. Between two numbers that were tested the accuracy is taken
to be a straight line, and so from no pairs, where nothing can be wrong, to the fewest that were tested. The first
number at which it falls below HELD ends it. What holds the most that were tested holds "at least" those.

What counts is pairs per byte of state, compared with the template's in pairs of seeds as the logarithm of their ratio.
A small state alone is worth nothing: what does not hold the fewest pairs that were tested never holds more per byte,
such as a mixer that keeps four bytes and remembers nothing. And where the template holds all that were tested, nothing
can be told to hold more than it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from agent.core.score import ScoreCard, SeedScore, TaskScore, log_odds
from agent.science.comparison import Comparison, from_zero
from agent.science.estimate import Estimate
from agent.science.measure import LOG_ODDS, Values
from agent.science.pairs import paired_gap, same_draws

HELD = 0.9  # of the answers right
KIB = 1024.0
LEAST_STD = 0.01  # of the logarithm of a number of pairs: one in a hundred

PerByte = Literal["more", "fewer", "same", "none", "all"]


@dataclass(frozen=True)
class Held:
    """How many pairs are held, and whether that is all that were tested, so that it may be more."""

    pairs: float
    at_least: bool = False


@dataclass(frozen=True)
class PairsPoint:
    """Plain accuracy at so many pairs, beside the template; `gain` in log-odds, in pairs of seeds."""

    pairs: int
    mine: float
    theirs: float | None
    gain: Comparison | None


@dataclass(frozen=True)
class Capacity:
    """How many pairs a variant and the template hold, the means over seeds, and how many bytes their states have.

    `ratio` is of pairs per byte, the variant's over the template's, as a natural logarithm in pairs of seeds.
    """

    held: Held
    template_held: Held
    state_bytes: int
    template_bytes: int
    fewest: int  # that were tested
    ratio: Comparison

    @property
    def per_kib(self) -> float:
        """Pairs for each 1,024 bytes of state."""
        return self.held.pairs / self.state_bytes * KIB

    @property
    def template_per_kib(self) -> float:
        return self.template_held.pairs / self.template_bytes * KIB

    @property
    def per_byte(self) -> PerByte:
        """Whether it holds more pairs per byte. "none": it holds not even the fewest; "all": the template holds all."""
        if self.held.pairs < self.fewest:
            return "none"
        if self.template_held.at_least and self.ratio.difference + self.ratio.needed >= 0:
            return "all"
        if not self.ratio.told_apart or (self.held.at_least and not self.ratio.ahead):
            return "same"
        return "more" if self.ratio.ahead else "fewer"


def pairs_held(accuracy: Mapping[int, float]) -> Held:
    """From the accuracy at each number of pairs that was tested to how many are held."""
    below, there = 0, 1.0
    for pairs, reached in sorted(accuracy.items()):
        if reached < HELD:
            return Held(below + (pairs - below) * (there - HELD) / (there - reached))
        below, there = pairs, reached
    return Held(below, at_least=True)


def pairs_points(card: ScoreCard, template: ScoreCard | None) -> tuple[PairsPoint, ...]:
    """The accuracy of a card at every number of pairs, from the fewest on; nothing where none was tested."""
    mine, theirs = _by_number(card), _by_number(template) if template and _comparable(card, template) else {}
    found = []
    for number, seeds in mine.items():
        others = theirs.get(number)
        gain = paired_gap(_values(seeds), _values(others), {}, LOG_ODDS.least_std) if others else None
        level = fmean(others.values()) if others else None
        found.append(PairsPoint(number, fmean(seeds.values()), level, from_zero(gain) if gain else None))
    return tuple(found)


def capacity(card: ScoreCard, template: ScoreCard) -> Capacity | None:
    """How many pairs per byte a card holds, beside the template.

    None where the two are not of one protocol, the same draws and the same seeds, where no number of pairs was tested,
    or where the size of a state is not known or nothing.
    """
    mine, theirs = _held_by_seed(card), _held_by_seed(template)
    if not _comparable(card, template) or not mine or mine.keys() != theirs.keys():
        return None
    if not card.state_bytes or not template.state_bytes:
        return None
    logs = [{"pairs": {seed: math.log(each.pairs) for seed, each in held.items()}} for held in (mine, theirs)]
    found = paired_gap(logs[0], logs[1], {}, LEAST_STD)
    if found is None:
        return None
    smaller = math.log(template.state_bytes / card.state_bytes)
    return Capacity(
        _mean(mine), _mean(theirs), card.state_bytes, template.state_bytes, min(_by_number(card)),
        from_zero(Estimate(found.mean + smaller, found.shares)),
    )  # fmt: skip


def _comparable(card: ScoreCard, other: ScoreCard) -> bool:
    return card is not other and card.fingerprint == other.fingerprint and same_draws(card, other)


def _tested(card: ScoreCard) -> list[SeedScore]:
    """The seeds that were tested with several numbers of pairs."""
    tasks: list[TaskScore] = [*card.tasks.values(), *card.further.values()]
    return [seed for task in tasks for seed in task.seeds if seed.pairs]


def _by_number(card: ScoreCard) -> dict[int, dict[int, float]]:
    """Number of pairs -> seed -> plain accuracy, of the numbers that every seed was tested with."""
    found: dict[int, dict[int, float]] = {}
    for seed in _tested(card):
        for test in seed.pairs:
            found.setdefault(test.pairs, {})[seed.seed] = test.micro
    return dict(sorted(found.items()))


def _values(seeds: Mapping[int, float]) -> Values:
    return {"pairs": {seed: log_odds(accuracy) for seed, accuracy in seeds.items()}}


def _held_by_seed(card: ScoreCard) -> dict[int, Held]:
    return {seed.seed: pairs_held({test.pairs: test.micro for test in seed.pairs}) for seed in _tested(card)}


def _mean(held: Mapping[int, Held]) -> Held:
    """The mean over seeds; "at least" where any seed held all."""
    every = [*held.values()]
    return Held(fmean(each.pairs for each in every), any(each.at_least for each in every))
