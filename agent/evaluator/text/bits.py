"""Bits per byte of a test, from the loss at each of its bytes."""

import math
from itertools import pairwise

from torch import Tensor

from agent.core.text_score import Bits, PositionBits, TextTest

FIRST_POSITIONS = 16  # told as one; each further range of positions is as long as all before it


def text_test(times: int, losses: Tensor, recalled: Tensor) -> TextTest:
    """Of (N, T) cross-entropies in nats and which of the bytes are recalled, (N, T) bool."""
    bits = losses.double() / math.log(2)
    length = bits.shape[1]
    ranges = pairwise(_edges(length))
    return TextTest(
        times,
        _bits(bits, recalled),
        tuple(PositionBits(first, stop, _bits(bits[:, first:stop], recalled[:, first:stop])) for first, stop in ranges),
    )


def _edges(length: int) -> list[int]:
    edges = [0]
    while (edge := max(FIRST_POSITIONS, 2 * edges[-1])) < length:
        edges.append(edge)
    return [*edges, length]


def _bits(bits: Tensor, recalled: Tensor) -> Bits:
    def mean(which: Tensor) -> float | None:
        return float(bits[which].mean()) if bool(which.any()) else None

    return Bits(float(bits.mean()), mean(recalled), mean(~recalled), float(recalled.double().mean()))
