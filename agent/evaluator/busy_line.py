"""Where a worker stands that is none the sooner done: the line of the variant that its stack shows most often."""

import re
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from agent.evaluator.jail.jail import Child

LOOKS, BETWEEN = 12, 0.15  # at the stack, and seconds between two
LONGEST = 1_500  # characters of a stack, and of the log before it
DUMP = re.compile(r"^(?:Current thread|Thread) .*\(most recent call first\):$", re.MULTILINE)
FRAME = re.compile(r'^  File "(?:[^"\n]*/)?variant\.py", line (\d+) in ', re.MULTILINE)


@dataclass(frozen=True)
class BusyLine:
    """The last line of the variant's own code in the stack, most often; None where it was never in it. And the log."""

    line: int | None
    log: str


def busy_line(child: Child) -> BusyLine:
    """Have a worker write its stack some times, and read where the variant's own code stands in it.

    The stack begins with the latest call. What lies below the variant's own calls is this program's and is left out.
    """
    before = child.log_size()
    for _ in range(LOOKS):
        child.say_where()
        if child.ending(0.0) is not None:
            break
        time.sleep(BETWEEN)
    stacks = split_stacks(child.log_from(before))
    lines = [line for stack in stacks if (line := own_line(stack)) is not None]
    line = Counter(lines).most_common(1)[0][0] if lines else None
    shown = next((stack for stack in stacks if own_line(stack) == line), "")
    log = child.log_until(before)[-LONGEST:]
    return BusyLine(line, f"{log}\n{own_part(shown)}".strip())


def split_stacks(dumped: str) -> list[str]:
    """Each stack that was written, the heading left in."""
    starts = [found.start() for found in DUMP.finditer(dumped)]
    return [dumped[start:end].strip() for start, end in pairwise([*starts, len(dumped)])]


def own_line(stack: str) -> int | None:
    """The line of the variant in its latest call."""
    found = FRAME.search(stack)
    return int(found[1]) if found and len(found[1]) < 7 else None


def own_part(stack: str) -> str:
    """A stack from its top down to the variant's own outermost call."""
    frames = [found.start() for found in FRAME.finditer(stack)]
    if not frames:
        return stack[:LONGEST]
    end = stack.find("\n", frames[-1])
    return stack[: end if end >= 0 else len(stack)][:LONGEST]
