"""For how long the failures of an endpoint are waited out, and how long each pause is."""

import random
import time
from dataclasses import dataclass, field

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds


@dataclass
class Patience:
    """Pauses that double, each shortened by chance so that several searches do not come back at once."""

    seconds: float
    _pause: float = field(default=FIRST_PAUSE, init=False)

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.seconds

    def next_pause(self, asked: float | None) -> float | None:
        """How many seconds to wait now; None where there is no patience left.

        Never less than the back-off, whatever the endpoint asks for; what it asks for, up to the end of the patience.
        """
        left = self._end - time.monotonic()
        pause = self._pause * random.uniform(0.5, 1.0)
        if pause > left:
            return None
        self._pause = min(LONGEST_PAUSE, 2 * self._pause)
        return max(pause, min(asked or 0.0, left))


def told(seconds: float) -> str:
    """A wait in words, with the time of its end where that helps."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    length = f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
    form = "%H:%M" if seconds < 86400 else "%Y-%m-%d %H:%M"
    return f"{length}, until {time.strftime(form, time.localtime(time.time() + min(seconds, 1e9)))}"
