"""Selective Copy: remember a few tokens strewn among blanks, and say them in order."""

import torch

from agent.evaluator.tasks.request import IGNORE, Examples, Request


def selective_copy(request: Request) -> Examples:
    """n tokens with L - 2n - 1 blanks strewn among them, the copy token, and n blanks that ask for the n tokens.

    The tokens are uniform over V - 2; a blank is V - 2, the copy token V - 1. Each blank of the first part goes before
    one of the n tokens, chosen independently and uniformly, so the last token stands right before the copy token.
    """
    setting = request.setting
    n, length, blank = setting.copies, setting.length, setting.vocab - 2
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
