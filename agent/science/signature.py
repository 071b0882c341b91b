"""How far two ops lie apart by their signatures: what each answers on fixed inputs."""

import math
from collections.abc import Sequence


def distance(a: Sequence[float], b: Sequence[float]) -> float:
    """The largest difference between two signatures; infinite where they are not of one kind."""
    if len(a) != len(b) or not all(map(math.isfinite, (*a, *b))):
        return math.inf
    return max((abs(x - y) for x, y in zip(a, b, strict=True)), default=math.inf)
