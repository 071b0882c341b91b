"""Which earlier variant computes the same?"""

import math
from collections.abc import Mapping, Sequence

# Of a number of the order of one. Rounding moves a signature by about 1e-6, the least change among the known variants
# by 1e-2 (tests/test_check.py).
TOLERANCE = 1e-4


def find_duplicate(signature: Sequence[float], known: Mapping[str, Sequence[float]]) -> str | None:
    """The first earlier variant whose signature is this one to within rounding; None if there is none."""
    return next((name for name, other in known.items() if distance(signature, other) <= TOLERANCE), None)


def distance(a: Sequence[float], b: Sequence[float]) -> float:
    """The largest difference between two signatures; infinite where they are not of one kind."""
    if len(a) != len(b) or not all(map(math.isfinite, (*a, *b))):
        return math.inf
    return max((abs(x - y) for x, y in zip(a, b, strict=True)), default=math.inf)
