"""The probe of the cost: fed in pieces with the state carried over, an op computes what it computes at once.

Each piece is a fresh process, and the state has one size: what needs the past tokens, such as attention, cannot pass.
It is asked before training with random and with real calls, and again with those of the trained networks. Where there
are many pieces, as in a decode token by token, one process is fed all of them. Cuts are drawn anew each time.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from agent.core.reason import Field
from agent.evaluator.contract.pieces import every_length, every_multiple
from agent.evaluator.probes.audit import ROUNDING, apart
from agent.evaluator.probes.op_under_test import OpUnderTest, ProbeFailed, difference
from agent.evaluator.probes.probe_calls import ProbeCall, ProbeResult

# Of the largest output, in float32: what an op may lose that is fed in pieces. Of the known variants and moves the most
# is 6e-8.
LOST_IN_PIECES = 1e-5
MOST_CUTS = 3  # of one call whose pieces are fresh processes
CHANCE = random.SystemRandom()
# Matrices of keys by values that a head may carry. Of the field's mixers with a bounded state the most is nine; what is
# more than the budget allows is trained and shown as larger (agent/science/budget.py).
STATES = 16


class Tolerance(NamedTuple):
    """What may be lost: of the largest output, and of a token's own size as the norm behind the op has it."""

    output: float
    token: float = ROUNDING


NOTHING = Tolerance(1e-9, 1e-6)  # in float64: what is lost in float32 alone is rounding


class LostInPieces(ProbeFailed):
    """Outputs of pieces are not those of the whole: something is lost on the way, or rounded."""

    def __init__(self, key: str, length: int, lost: float, **seen: Field) -> None:
        super().__init__(key, length=length, lost=f"{lost:.2g}", **seen)
        self.seen: dict[str, Field] = {"length": length, "lost": f"{lost:.2g}"}


Check = Callable[[torch.dtype, Tolerance], None]  # compares pieces with the whole in a type, with a tolerance


def check_streams(op: OpUnderTest, wholes: Sequence[ProbeCall], tolerance: float = LOST_IN_PIECES) -> None:
    """Make each call as a whole and in pieces; all first pieces in one process, all second ones in the next."""
    cuts = [_few_cuts(whole.length, op.chunk) for whole in wholes]

    def check(dtype: torch.dtype, tolerance: Tolerance) -> None:
        _check_pieces(op, [whole.to(dtype) for whole in wholes], cuts, tolerance)

    _tell_rounding(check, Tolerance(tolerance, max(ROUNDING, tolerance)))


def _tell_rounding(check: Check, tolerance: Tolerance) -> None:
    """What is rounded on the way, as the phase of a clock that has long run, all but vanishes in float64.

    It is refused as well, since an op may behave otherwise in float32, but with what to do about it. Raises
    ProbeFailed, a LostInPieces where it is no rounding.
    """
    try:
        check(torch.float32, tolerance)
    except LostInPieces as lost:
        try:
            check(torch.float64, NOTHING)
        except LostInPieces:
            raise lost from None
        raise ProbeFailed("failure.rounded_in_pieces", **lost.seen) from None


def _check_pieces(
    op: OpUnderTest, wholes: Sequence[ProbeCall], cuts: Sequence[Sequence[int]], tolerance: Tolerance
) -> None:
    expected = op.run(wholes)
    for result in expected:
        check_finite(result, "failure.not_finite")
        _check_state(result.state, op, result.o.element_size())
    carried: dict[int, ProbeResult] = {}
    for turn in range(max(map(len, cuts)) - 1):
        asked = [index for index, places in enumerate(cuts) if turn + 1 < len(places)]
        parts = []
        for index in asked:
            part = op.tokens(wholes[index], cuts[index][turn], cuts[index][turn + 1])
            before = carried.get(index)
            parts.append(replace(part, state=before.state, state_is_tuple=before.state_is_tuple) if before else part)
        for index, result in zip(asked, op.run(parts), strict=True):
            _compare(result, expected[index], (cuts[index][turn], cuts[index][turn + 1]), tolerance)
            carried[index] = result


def _few_cuts(length: int, chunk: int) -> list[int]:
    """Where a length is cut: between chunks, since what is done within a chunk needs the whole of it."""
    places = range(chunk, length, chunk)
    return [0, *sorted(CHANCE.sample(places, min(MOST_CUTS, len(places)))), length]


def check_lengths_of_pieces(op: OpUnderTest) -> None:
    """Feed random calls in pieces of every number of whole chunks, of every length up to a chunk, and token by token.

    What an op does within a chunk may need the whole of it. Such an op, which cannot be cut within a chunk, is asked
    for the shorter pieces with chunks of a single token.
    """
    multiples, lengths = every_multiple(op.chunk, CHANCE), every_length(op.chunk, CHANCE)
    cut = op.chunk * CHANCE.randint(2, 4) + CHANCE.randint(1, op.chunk - 1)
    by_chunks, by_tokens = op.random_call(multiples[-1], 3), op.random_call(lengths[-1], 4)

    def check(dtype: torch.dtype, tolerance: Tolerance) -> None:
        _check_fed(op, by_chunks.to(dtype), by_tokens.to(dtype), (multiples, lengths, cut), tolerance)

    _tell_rounding(check, Tolerance(LOST_IN_PIECES))


def _check_fed(
    op: OpUnderTest,
    by_chunks: ProbeCall,
    by_tokens: ProbeCall,
    places: tuple[Sequence[int], Sequence[int], int],
    tolerance: Tolerance,
) -> None:
    """Feed one call in whole chunks and one in other pieces. `places`: where each is cut, and a place to try first."""
    multiples, lengths, cut = places
    single = replace(by_tokens, chunk_size=1)
    in_chunks, whole, in_singles, in_two = op.run(
        [by_chunks, by_tokens, single, replace(by_tokens, cuts=(0, cut, by_tokens.length))]
    )
    if apart(whole.o, in_two.o) > ROUNDING:
        by_tokens, whole = single, in_singles
    decoded = op.tokens(by_tokens, 0, min(2 * op.chunk + 3, by_tokens.length))
    fed = [
        replace(by_chunks, cuts=tuple(multiples)),
        replace(by_tokens, cuts=tuple(lengths)),
        replace(decoded, cuts=tuple(range(decoded.length + 1))),
    ]
    for call, result, expected in zip(fed, op.run(fed), (in_chunks, whole, whole), strict=True):
        early = replace(expected, o=expected.o[:, :, : call.length])
        _compare(result, early, (0, call.length), tolerance, "failure.fed_in_pieces", pieces=len(call.cuts) - 1)


def _compare(
    result: ProbeResult,
    whole: ProbeResult,
    part: tuple[int, int],
    tolerance: Tolerance,
    key: str | None = None,
    **seen: Field,
) -> None:
    (start, stop), length = part, whole.o.shape[2]
    if [part.shape for part in result.state] != [part.shape for part in whole.state]:
        early, late = _shapes(result.state), _shapes(whole.state)
        raise ProbeFailed("failure.growing_state", early=stop, early_shapes=early, late=length, late_shapes=late)
    check_finite(result, "failure.not_finite_later", start=start)
    expected = whole.o[:, :, start:stop]
    lost = difference(result.o, expected) / float(whole.o.abs().max())
    by_token = apart(expected, result.o)
    if lost <= tolerance.output and by_token <= tolerance.token:
        return
    if key is not None:
        raise LostInPieces(key, length, lost, **seen)
    raise LostInPieces(
        "failure.later_piece" if start else "failure.first_piece", length, lost, start=start, end=stop - 1
    )


def _check_state(state: tuple[Tensor, ...], op: OpUnderTest, number: int) -> None:
    """A large state of one size could still hold every token of a sequence: counted in numbers of so many bytes, those
    of the outputs, however it is kept."""
    dim = op.protocol.width // op.protocol.heads
    size = sum(part[0].numel() * part.element_size() for part in state)
    most = STATES * op.protocol.heads * (dim + 1) ** 2
    if size > most * number:
        raise ProbeFailed("failure.large_state", size=size // number, most=most, times=STATES)


def check_finite(result: ProbeResult, key: str, **seen: Field) -> None:
    """Raises ProbeFailed with the reason of this key where an result holds a number that is not finite."""
    if not all(part.isfinite().all() for part in (result.o, *result.state)):
        raise ProbeFailed(key, **seen)


def _shapes(state: tuple[Tensor, ...]) -> str:
    return ", ".join(str(tuple(part.shape[1:])) for part in state)
