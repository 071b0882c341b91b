"""Selective Copy: remember a few tokens strewn among blanks, and say them in order."""

from collections.abc import Iterator

from agent.evaluator.tasks.task import IGNORE, Examples, Option, Request, Setting, Task, too_small

COPIES = Option("copies", 0, "how many tokens to copy")


def selective_copy(request: Request) -> Examples:
    """n tokens with L - 2n - 1 blanks strewn among them, the copy token, and n blanks that ask for the n tokens.

    The tokens are uniform over V - 2; a blank is V - 2, the copy token V - 1. Each blank of the first part goes before
    one of the n tokens, chosen independently and uniformly, so the last token stands right before the copy token.
    """
    import torch

    setting = request.setting
    n, length, blank = COPIES.of(setting), setting.length, setting.vocab - 2
    tokens = request.integers(blank, n)

    before = request.integers(n, length - 2 * n - 1)  # (N, blanks): the token that each blank goes before
    gaps = torch.zeros_like(tokens).scatter_add_(1, before, torch.ones_like(before))
    places = gaps.cumsum(1) + torch.arange(n, device=tokens.device)

    inputs = request.full(length, blank)
    inputs.scatter_(1, places, tokens)
    inputs[:, length - n - 1] = setting.vocab - 1
    targets = request.full(length, IGNORE)
    targets[:, length - n :] = tokens
    return Examples(inputs, targets)


def complaints(setting: Setting) -> Iterator[str]:
    if COPIES.of(setting) < 1:
        yield "copies must be at least 1"
    yield from too_small(setting, vocab=3, length=2 * COPIES.of(setting) + 1)


SELECTIVE_COPY = Task(
    "Selective Copy",
    "some tokens among many blanks must be given back in order at the end.",
    selective_copy,
    complaints,
    options=(COPIES,),
    lengthens=True,
)
