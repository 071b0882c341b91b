"""How long a check may take: by the clock, but longer while other work keeps this machine busy.

A check asks for seconds of a core. Where thirty processes share two cores a second of a core takes fifteen by the
clock, and an honest op would be told that it loops without end.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MOST = 16.0  # times as long at most: what does not end must be ended some time

Deadline = Callable[[], float]  # when the time is over as far as is known now, by time.monotonic


@dataclass(frozen=True)
class TimeLimit:
    """So many seconds from `started` (time.monotonic) on an idle machine; called, it is a Deadline."""

    seconds: float
    started: float = field(default_factory=time.monotonic)

    def __call__(self) -> float:
        return self.started + self.seconds * crowding()


def crowding() -> float:
    """How many processes want each core of this machine, by its load of the last minute: from 1 to MOST."""
    try:
        load = os.getloadavg()[0]
    except OSError:  # it says none
        return 1.0
    return min(MOST, max(1.0, load / (os.cpu_count() or 1)))
