"""Every set of moves that may be made together, and what each promises by what is known of the moves."""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from agent.proposer.moves import Move
from agent.science.beliefs import Pair


class Combinations:
    """All sets of up to `most` moves of which no two name each other as a conflict.

    Whether a set can be composed is known once it was tried: `exclude` takes away what cannot.
    """

    def __init__(self, moves: Mapping[str, Move], most: int) -> None:
        self.names = tuple(sorted(moves))
        rivals = {name: {*move.conflicts} for name, move in moves.items()}
        go_together = {
            (one, other)
            for one, other in combinations(range(len(self.names)), 2)
            if self.names[other] not in rivals[self.names[one]] and self.names[one] not in rivals[self.names[other]]
        }
        level: list[tuple[int, ...]] = [(index,) for index in range(len(self.names))]
        self.sets = list(level) if most else []
        for _ in range(most - 1):
            level = [
                (*held, index)
                for held in level
                for index in range(held[-1] + 1, len(self.names))
                if all((other, index) in go_together for other in held)
            ]
            self.sets += level
        self.table = np.zeros((len(self.sets), len(self.names)), dtype=bool)
        for row, held in enumerate(self.sets):
            self.table[row, list(held)] = True
        padded = [(*held, *[len(self.names)] * (most - len(held))) for held in self.sets]
        self.members = np.array(padded, dtype=np.intp).reshape(len(padded), most).T  # the moves of each set, by place
        self.excluded = np.zeros(len(self.sets), dtype=bool)

    def exclude(self, moves: Collection[str]) -> None:
        """Take away every set that holds all of these."""
        self.excluded |= self.table[:, [self.names.index(move) for move in moves]].all(axis=1)

    def ranked(self, effects: Mapping[str | Pair, float]) -> Iterator[tuple[frozenset[str], float]]:
        """The sets and what they promise, the most first, by effects of moves and of pairs of them.

        What is excluded meanwhile is left out from then on.
        """
        promise = self._promise(effects)
        for row in np.argsort(-promise, kind="stable"):
            if not self.excluded[row]:
                yield frozenset(self.names[index] for index in self.sets[row]), float(promise[row])

    def _promise(self, effects: Mapping[str | Pair, float]) -> NDArray[np.float64]:
        count = len(self.names) + 1  # the last stands for no move
        places = {name: place for place, name in enumerate(self.names)}
        alone = np.array([*(effects.get(name, 0.0) for name in self.names), 0.0])
        together = np.zeros((count, count))
        for pair, effect in effects.items():
            if isinstance(pair, tuple) and places.keys() >= {*pair}:
                one, other = sorted(places[name] for name in pair)
                together[one, other] = effect
        promise = np.zeros(len(self.sets))
        for column, held in enumerate(self.members):
            promise += alone[held]
            for earlier in self.members[:column]:
                promise += together[earlier, held]
        return promise
