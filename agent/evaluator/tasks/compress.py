"""Compress: give back the whole sequence from the state after its last token."""

from agent.evaluator.tasks.request import Examples, Request


def compress(request: Request) -> Examples:
    """L - 1 tokens uniform over the V - 1 ordinary ones, then the compression token V - 1.

    Every position must give back its own input token, the compression token included. That the network may use only
    the last position's state is the auto-encoder's business, not the data's.
    """
    setting = request.setting
    tokens = request.integers(setting.vocab - 1, setting.length)
    tokens[:, -1] = setting.vocab - 1
    return Examples(inputs=tokens, targets=tokens)
