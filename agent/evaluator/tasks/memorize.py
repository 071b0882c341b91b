"""Memorize: a map from keys to values that is the same in every sequence, to be learned by the weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent.evaluator.tasks.task import IGNORE, Examples, Request, Setting, Task, odd_length, too_small

if TYPE_CHECKING:
    from torch import Tensor


def memorize(request: Request) -> Examples:
    """Pairs (key, insert token V - 1); the target at the insert token is the key's value.

    Keys are drawn with replacement from the first half of the V - 1 ordinary tokens.
    """
    setting = request.setting
    value_of = world_map(setting, request.world).to(request.chance.device)
    keys = request.integers(len(value_of), setting.length // 2)
    inputs = request.full(setting.length, setting.vocab - 1)
    inputs[:, 0::2] = keys
    targets = request.full(setting.length, IGNORE)
    targets[:, 1::2] = value_of[keys]
    return Examples(inputs, targets)


def world_map(setting: Setting, world: int) -> Tensor:
    """(keys,) int64: each key's value, one to one, out of the second half of the ordinary tokens.

    It depends on the world and the vocabulary alone. It is drawn on the CPU, so that a world is the same on every
    device. When V - 1 is odd the second half has one token more, which is then no key's value.
    """
    import torch

    from agent.evaluator.tasks.draw import chance_of

    ordinary = setting.vocab - 1
    keys = ordinary // 2
    chance = chance_of(f"Memorize V{setting.vocab}, world {world}", "cpu")
    return keys + torch.randperm(ordinary - keys, generator=chance)[:keys]


def complaints(setting: Setting) -> Iterator[str]:
    yield from too_small(setting, vocab=3, length=2)
    yield from odd_length(setting)


MEMORIZE = Task(
    "Memorize",
    "a fixed map from keys to values that the weights must learn; nothing in the sequence tells it.",
    memorize,
    complaints,
    local=True,
)
