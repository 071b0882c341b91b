"""The probe of the cost: fed in pieces with the state carried over, an op computes what it computes at once.

Each piece is a fresh process, and the state has one size: what needs the past tokens, such as attention, cannot pass.
It is asked before training with random and with real calls, and again with those of the trained networks. Where there
are many pieces, as in a decode token by token, one process is fed all of them. Cuts are drawn anew each time.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from agent.core.reason import Field
from agent.evaluator.contract.pieces import every_length, every_multiple
from agent.evaluator.probes.audit import ROUNDING, apart
from agent.evaluator.probes.op_under_test import OpUnderTest, ProbeFailed, difference
from agent.evaluator.probes.probe_calls import ProbeCall, ProbeResult

# Of the largest output, in float32: what an op may lose that is fed in pieces. Of the known variants and moves the most
# is 6e-8.
LOST_IN_PIECES = 1e-5
NUMBER = 4  # bytes of a float32
MOST_CUTS = 3  # of one call whose pieces are fresh processes
CHANCE = random.SystemRandom()
# Matrices of keys by values that a head may carry. Of the field's mixers with a bounded state the most is nine; what is
# more than the budget allows is trained and shown as larger (agent/science/budget.py).
STATES = 16


def check_streams(op: OpUnderTest, wholes: Sequence[ProbeCall], tolerance: float = LOST_IN_PIECES) -> None:
    """Make each call as a whole and in pieces; all first pieces in one process, all second ones in the next."""
    expected = op.run(wholes)
    for result in expected:
        check_finite(result, "failure.not_finite")
        _check_state(result.state, op)
    cuts = [_few_cuts(whole.length, op.chunk) for whole in wholes]
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
    by_chunks, by_tokens = op.random_call(multiples[-1], 3), op.random_call(lengths[-1], 4)
    single = replace(by_tokens, chunk_size=1)
    cut = op.chunk * CHANCE.randint(2, 4) + CHANCE.randint(1, op.chunk - 1)
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
        _compare(result, early, (0, call.length), LOST_IN_PIECES, "failure.fed_in_pieces", pieces=len(call.cuts) - 1)


def _compare(
    result: ProbeResult,
    whole: ProbeResult,
    part: tuple[int, int],
    tolerance: float,
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
    if lost <= tolerance and by_token <= max(ROUNDING, tolerance):
        return
    told: dict[str, Field] = {"length": length, "lost": f"{lost:.2g}"}
    if key is not None:
        raise ProbeFailed(key, **told, **seen)
    raise ProbeFailed("failure.later_piece" if start else "failure.first_piece", start=start, end=stop - 1, **told)


def _check_state(state: tuple[Tensor, ...], op: OpUnderTest) -> None:
    """A large state of one size could still hold every token of a sequence: counted as float32, however it is kept."""
    dim = op.protocol.width // op.protocol.heads
    size = sum(part[0].numel() * part.element_size() for part in state)
    most = STATES * op.protocol.heads * (dim + 1) ** 2
    if size > most * NUMBER:
        raise ProbeFailed("failure.large_state", size=size // NUMBER, most=most, times=STATES)


def check_finite(result: ProbeResult, key: str, **seen: Field) -> None:
    """Raises ProbeFailed with the reason of this key where an result holds a number that is not finite."""
    if not all(part.isfinite().all() for part in (result.o, *result.state)):
        raise ProbeFailed(key, **seen)


def _shapes(state: tuple[Tensor, ...]) -> str:
    return ", ".join(str(tuple(part.shape[1:])) for part in state)
