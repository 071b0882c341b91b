"""Made-up truths for simulated nights: what every move, and some pairs of them, really adds to the average."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Literal

from agent.proposer.combinations import Combinations

TruthName = Literal["null", "two", "many", "small", "interacting"]
TRUTHS: tuple[TruthName, ...] = ("null", "two", "many", "small", "interacting")

HELP = 0.03  # what each of two moves adds where two help
MANY, SMALL = 0.02, 0.008  # the spread of effects where many moves do something, and where all are small
PAIRS, PAIR = 20, 0.04  # how many pairs of moves do something to each other, and how much


@dataclass(frozen=True)
class Truth:
    """What every move and pair of moves really adds to the average."""

    effects: Mapping[str, float]
    pairs: Mapping[tuple[str, str], float]

    def of(self, moves: Sequence[str]) -> float:
        held = sorted(moves)
        alone = sum(self.effects[move] for move in held)
        return alone + sum(self.pairs.get(pair, 0.0) for pair in combinations(held, 2))

    def best(self, possible: Combinations) -> float:
        """Of every set that was not found to be impossible, and of the template."""
        effects: dict[str | tuple[str, str], float] = dict(self.effects.items())
        effects.update(self.pairs.items())
        return max(0.0, next(possible.ranked(effects))[1])


def truth(name: TruthName, moves: Sequence[str], chance: Random) -> Truth:
    """One draw of a kind of truth."""
    zeros = dict.fromkeys(moves, 0.0)
    if name == "two":
        return Truth(zeros | dict.fromkeys(chance.sample(list(moves), 2), HELP), {})
    if name == "many":
        return Truth({move: chance.gauss(0, MANY) for move in moves}, {})
    if name == "small":
        return Truth({move: chance.gauss(0, SMALL) for move in moves}, {})
    if name == "interacting":
        pairs = chance.sample(list(combinations(sorted(moves), 2)), PAIRS)
        effects = {move: chance.gauss(0, MANY) if chance.random() < 0.5 else 0.0 for move in moves}
        return Truth(effects, {pair: chance.choice((-PAIR, PAIR)) for pair in pairs})
    return Truth(zeros, {})
