"""Text: the next byte of a window of it. Its examples are read from files (agent/evaluator/text), not generated."""

from __future__ import annotations

from collections.abc import Iterator

from agent.evaluator.tasks.task import Examples, Request, Setting, Task, too_small

BYTES = 256  # the vocabulary


def unread(request: Request) -> Examples:
    """ValueError: examples of this task are drawn from a text, which was not given."""
    raise ValueError(f"{request.setting.label}: its examples are read from files, so give `draw` a text")


def complaints(setting: Setting) -> Iterator[str]:
    if setting.vocab != BYTES:
        yield f"its tokens are bytes: make vocab {BYTES}"
    yield from too_small(setting, vocab=BYTES, length=2)


TEXT = Task(
    "Text",
    "the next byte of real text; some of it stood in the window before, and some must be known.",
    unread,
    complaints,
    lengthens=True,
    column=False,
    reads_text=True,
)
