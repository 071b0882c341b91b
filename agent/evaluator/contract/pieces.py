"""A call of an op in pieces, the state carried from each to the next, and where sequences are cut."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from random import Random

import torch
from torch import Tensor

from agent.evaluator.contract.boundary import Op, call_op
from agent.evaluator.contract.calls import state_tensors

MOST_SINGLES = 64  # units of one call that are fed one by one
MOST_UNITS = 5  # that are fed as one piece, no token more or less


@dataclass(frozen=True)
class Pieces:
    """The outputs of all pieces together, (B, H, L, V), and the state after each: its tensors."""

    o: Tensor
    states: tuple[tuple[Tensor, ...], ...]
    state_is_tuple: bool


def in_pieces(
    op: Op, arguments: Mapping[str, Tensor], shared: Collection[str], cuts: Sequence[int], chunk_size: int
) -> Pieces:
    """Call an op on the tokens between each cut and the next. `shared` are the arguments without a token dimension."""
    outputs, states = [], []
    state: Tensor | tuple[Tensor, ...] | None = None
    for start, stop in pairwise(cuts):
        called = call_op(op, tokens(arguments, shared, start, stop), chunk_size, state)
        state = tuple(map(torch.detach, state_tensors(called.state)))
        states.append(state)
        state = state if isinstance(called.state, tuple) else state[0]
        outputs.append(called.o.detach())
    return Pieces(torch.cat(outputs, dim=2), tuple(states), isinstance(state, tuple))


def tokens(arguments: Mapping[str, Tensor], shared: Collection[str], start: int, stop: int) -> dict[str, Tensor]:
    """The arguments of a part of the tokens."""
    return {name: part if name in shared else part[:, :, start:stop] for name, part in arguments.items()}


def draw_cuts(length: int, unit: int, chance: Random) -> list[int]:
    """Where to cut so many tokens, beginning with 0 and ending with the length, always after whole units.

    In one of several ways: unit by unit, in pieces of one to three units or of one to five, or at a few places.
    """
    way = chance.choice((_singles, _short, _multiples, _anywhere))
    places = {unit * place for place in way(-(-length // unit), chance)}
    return [0, *sorted(place for place in places if 0 < place < length), length]


def every_length(chunk: int, chance: Random) -> list[int]:
    """Cuts between which there is a piece of each length up to one more than the chunk, in any order."""
    lengths = list(range(1, chunk + 2))
    chance.shuffle(lengths)
    return [0, *accumulate(lengths)]


def every_multiple(chunk: int, chance: Random) -> list[int]:
    """Cuts between which there is a piece of each small number of whole chunks, in any order, and a few tokens."""
    lengths = [chunk * times for times in range(1, MOST_UNITS + 1)]
    chance.shuffle(lengths)
    return [0, *accumulate([*lengths, chance.randint(1, chunk - 1)])]


def _singles(units: int, chance: Random) -> Iterator[int]:
    """All units, or a stretch of them where there are many."""
    start = chance.randint(0, max(0, units - MOST_SINGLES))
    yield from range(start, start + MOST_SINGLES + 1)


def _short(units: int, chance: Random) -> Iterator[int]:
    place = chance.randint(0, max(0, units - MOST_SINGLES))
    for _ in range(MOST_SINGLES // 2):
        yield place
        place += chance.randint(1, 3)


def _multiples(units: int, chance: Random) -> Iterator[int]:
    place = 0
    while place < units:
        place += chance.randint(1, MOST_UNITS)
        yield place


def _anywhere(units: int, chance: Random) -> Iterator[int]:
    yield from (chance.randint(0, units) for _ in range(chance.randint(1, 4)))
