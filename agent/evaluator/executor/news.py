"""What an executor tells of its places, in the order in which it happens."""

from concurrent.futures import Future
from dataclasses import dataclass

from agent.core.score import ScoreCard
from agent.core.text import Text


@dataclass(frozen=True)
class Opened:
    """A place can be given work from now on."""

    place: str


@dataclass(frozen=True)
class Closed:
    """A place is given nothing any more, and why."""

    place: str
    why: Text


@dataclass(frozen=True)
class Answered:
    """What a place was given came to an end: `future` has the card, or raises why there is none."""

    place: str
    future: "Future[ScoreCard]"


News = Opened | Closed | Answered
