"""Compress: give back the whole sequence from the state after its last token."""

from collections.abc import Iterator

from agent.evaluator.tasks.task import Examples, Request, Setting, Task, too_small


def compress(request: Request) -> Examples:
    """L - 1 tokens uniform over the V - 1 ordinary ones, then the compression token V - 1.

    Every position must give back its own input token, the compression token included. That the network may use only
    the last position's state is the auto-encoder's business, not the data's.
    """
    setting = request.setting
    tokens = request.integers(setting.vocab - 1, setting.length)
    tokens[:, -1] = setting.vocab - 1
    return Examples(inputs=tokens, targets=tokens)


def complaints(setting: Setting) -> Iterator[str]:
    yield from too_small(setting, vocab=2, length=2)


COMPRESS = Task(
    "Compress",
    "an encoder's last position must hold a whole sequence of random tokens, which a decoder gives back.",
    compress,
    complaints,
    autoencoder=True,
)
