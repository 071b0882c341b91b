"""The pretended device of agent/evaluator/contract/, for a whole training: with generators, autocast and sizes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from unittest import mock

import torch
from torch.overrides import TorchFunctionMode

from agent.evaluator.contract.pretended_device import PRETENDED, pretended_device
from agent.evaluator.training.stack import LOGITS_AT_ONCE, TOKENS_A_STEP


class _OwnGenerators(TorchFunctionMode):
    """A generator draws for its own device alone."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        chance = (kwargs or {}).get("generator")
        if chance is not None and chance.device.type != result.device.type:
            raise RuntimeError(f"{func.__name__}: a generator on {chance.device} draws for {result.device}")
        return result


class _Generator(torch.Generator):
    """Draws on the CPU, and says that it belongs to the device for which it was asked."""

    device = None

    def __new__(cls, device="cpu"):
        return super().__new__(cls, "cpu")

    def __init__(self, device="cpu"):
        self.device = torch.device(device)


def _autocast(device_type, **options):
    return nullcontext() if device_type == PRETENDED.type else _autocast.real(device_type, **options)


_autocast.real = torch.autocast


@contextmanager
def pretended_card() -> Iterator[torch.device]:
    """Within it the device that is handed out may be trained on as any other."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch("torch.Generator", _Generator))
        stack.enter_context(mock.patch("torch.autocast", _autocast))
        for limits in (TOKENS_A_STEP, LOGITS_AT_ONCE):
            stack.enter_context(mock.patch.dict(limits, {PRETENDED.type: limits["cpu"]}))
        stack.enter_context(_OwnGenerators())
        yield stack.enter_context(pretended_device())
