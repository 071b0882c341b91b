"""Context Recall: say the value that a key had earlier in the same sequence."""

from collections.abc import Iterator

from agent.evaluator.tasks.recall import ONLY_TARGETS, recall
from agent.evaluator.tasks.task import Examples, Request, Setting, Task, odd_length, too_small


def context_recall(request: Request) -> Examples:
    return recall(request)


def complaints(setting: Setting) -> Iterator[str]:
    yield from too_small(setting, vocab=2, length=4)
    yield from odd_length(setting)


CONTEXT_RECALL = Task(
    "Context Recall",
    "key-value pairs; each key that comes again asks for its value.",
    context_recall,
    complaints,
    only_targets=ONLY_TARGETS,
    lengthens=True,
)
