"""Parts of sentences, for all that write into a note."""

import math
from collections.abc import Iterable, Mapping, Sequence

from agent.core.text import Text, in_each, say

SOLVED = 0.97  # from here on a task leaves no room
NOISE_SEEDS = 3  # from which the noise of a setting is told that a protocol trains with one


def confident(confidence: float) -> str:
    """A confidence in percent, cut and not rounded: what is called 95 percent has reached it."""
    return "> 99.9%" if confidence > 0.999 else f"{math.floor(1000 * confidence) / 10:.1f}%"


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign; what rounds to nothing has a plus."""
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def measuring_noise(protocol: str) -> str:
    """What `python -m agent.study` is told, to measure the noise of a protocol."""
    return f"noise --protocol {protocol} --seeds {NOISE_SEEDS}"


def spread(width: float) -> str:
    """How far something may lie to both sides of its number, behind it; nothing where that is not known."""
    return f" ± {width:.3f}" if math.isfinite(width) else ""


def counted(count: int, one: str) -> str:
    """A number and what it counts, in the English of the terminal: 1 run, 2 runs."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def joined(parts: Iterable[Text | str], separator: str = "list.comma") -> Text:
    """Parts in a row, with the separator of that key between them."""
    parts, between = list(parts), say(separator)
    return in_each(lambda code: between[code].join(part if isinstance(part, str) else part[code] for part in parts))


def listed(parts: Sequence[str], separator: str = "list.comma") -> Text:
    """A list that ends its sentence."""
    return say("list.sentence", list=joined(parts, separator) if parts else say("list.nothing"))


def bullets(lines: Iterable[Text]) -> Text:
    """One line each, with a dot before it."""
    lines = [say("list.bullet", line=line) for line in lines]
    return in_each(lambda code: "\n".join(line[code] for line in lines))


def solved_and_room(scores: Mapping[str, float]) -> Text:
    """Which tasks are as good as solved, and where there is something to gain, the most first."""
    solved = [task for task, score in scores.items() if score >= SOLVED]
    room = [f"{task} {score:.3f}" for task, score in sorted(scores.items(), key=lambda item: item[1]) if score < SOLVED]
    return say("scores.solved and room", solved=listed(solved), room=listed(room))
