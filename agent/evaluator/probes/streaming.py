"""The probe of the cost: fed in pieces with the state carried over, an op computes what it computes at once.

Each piece is a fresh process, and the state has one size: what needs the past tokens, such as attention, cannot pass.
It is asked before training with random and with real calls, and again with those of the trained networks.
"""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from agent.core.reason import Field
from agent.evaluator.probes.op_under_test import OpUnderTest, ProbeFailed
from agent.evaluator.probes.probe_calls import ProbeCall, ProbeResult

# Of the largest output, in float32: what an op may lose that is fed in pieces. Of the known variants and moves the most
# is 6e-8.
LOST_IN_PIECES = 1e-5
NUMBER = 4  # bytes of a float32
STATES = 4  # matrices of keys by values that a head may carry; of the known variants the most is three


def check_streams(op: OpUnderTest, wholes: Sequence[ProbeCall], tolerance: float = LOST_IN_PIECES) -> None:
    """Make each call as a whole and in pieces; all first pieces in one process, all second ones in the next."""
    expected = op.run(wholes)
    for result in expected:
        _check_state(result.state, op)
    cuts = [_cuts(whole.length, op.chunk) for whole in wholes]
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


def _cuts(length: int, chunk: int) -> list[int]:
    """Where a length is cut: between chunks, since what is done within a chunk needs the whole of it."""
    inner = [cut for cut in (chunk, 3 * chunk, 4 * chunk) if cut < length]
    return [0, *inner, length]


def _compare(result: ProbeResult, whole: ProbeResult, part: tuple[int, int], tolerance: float) -> None:
    (start, stop), length = part, whole.o.shape[2]
    if [part.shape for part in result.state] != [part.shape for part in whole.state]:
        early, late = _shapes(result.state), _shapes(whole.state)
        raise ProbeFailed("failure.growing_state", early=stop, early_shapes=early, late=length, late_shapes=late)
    check_finite(result, "failure.not_finite_later", start=start)
    lost = (result.o - whole.o[:, :, start:stop]).abs().max() / whole.o.abs().max()
    if not lost <= tolerance:
        key = "failure.later_piece" if start else "failure.first_piece"
        raise ProbeFailed(key, length=length, start=start, end=stop - 1, lost=f"{lost:.2g}")


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
