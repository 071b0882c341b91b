"""Noisy Recall: Context Recall where some of the pairs are noise and show no key."""

from collections.abc import Iterator

from agent.evaluator.tasks.recall import ONLY_TARGETS, recall
from agent.evaluator.tasks.task import Examples, Option, Request, Setting, Task, odd_length, too_small

NOISE = Option("noise", 0.0, "how likely a pair is noise")
NOISE_VOCAB = Option("noise_vocab", 0, "how many tokens of `vocab` are noise (16 in MAD)")


def noisy_recall(request: Request) -> Examples:
    return recall(request, NOISE.of(request.setting), NOISE_VOCAB.of(request.setting))


def complaints(setting: Setting) -> Iterator[str]:
    if not 0 <= NOISE.of(setting) < 1:
        yield "noise must be at least 0 and below 1"
    if NOISE_VOCAB.of(setting) < 1:
        yield "noise_vocab must be at least 1 (16 in MAD)"
    yield from too_small(setting, vocab=NOISE_VOCAB.of(setting) + 2, length=4)
    yield from odd_length(setting)


NOISY_RECALL = Task(
    "Noisy Recall",
    "Context Recall with noise tokens strewn in between.",
    noisy_recall,
    complaints,
    options=(NOISE, NOISE_VOCAB),
    only_targets=ONLY_TARGETS,
    lengthens=True,
)
