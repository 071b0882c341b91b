"""A training as a GPU would hold it, of fake tensors: made on the CPU, then moved in shape alone."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from agent.evaluator.contract.variant import Variant
from agent.evaluator.protocols import MAD, MAD_SETTINGS
from agent.evaluator.training import batches
from agent.evaluator.training.trainer import Training
from benchmarks.recorded_kernels import recorded_kernels

CARD = torch.device("cuda", 0)
BATCH, VOCAB, EXAMPLES = 128, 16, 128
# One for the whole process: what is cached for the device belongs to the mode in which it was made.
FAKE = FakeTensorMode(allow_non_fake_inputs=False)
ROOM = "agent.evaluator.training"  # the classes whose tensors move


def training_on_card(variant: Variant, length: int, replicas: int, task: str, vocab: int = VOCAB) -> Training:
    """Two batches an epoch of a task of some length, in seeds that train together, moved to the card."""
    setting = replace(MAD_SETTINGS[task][0], length=length, vocab=vocab, train_examples=2 * BATCH)
    some = next(replica for replica in MAD.replicas() if replica.setting.task == task)
    alike = [replace(some, setting=setting, seed=seed, batch=BATCH) for seed in range(replicas)]
    with mock.patch.object(batches, "IN_WHOLE_CHUNKS", {"cpu"}):  # as they will be where it is moved to
        training = Training(alike, variant, replace(MAD, validation_examples=EXAMPLES), torch.device("cpu"))
    with FAKE:
        _moved(training)
    return training


@contextmanager
def on_card() -> Iterator[torch.device]:
    """Within it a moved training takes its steps, with CUDA's autocast, and kernels that are recorded."""
    _silu_backward_is_one_launch()
    with ExitStack() as stack:
        stack.enter_context(mock.patch("torch.cuda.amp.common.amp_definitely_not_available", return_value=False))
        stack.enter_context(mock.patch("torch.cuda.is_bf16_supported", return_value=True))
        # Of the host's memory there is none either, so that no page of it can be pinned.
        stack.enter_context(mock.patch.object(Tensor, "pin_memory", lambda made: made))
        stack.enter_context(recorded_kernels(CARD))
        stack.enter_context(FAKE)
        yield CARD


def _moved(value: Any) -> Any:
    """The same with every tensor and device in it on the card; objects of a training are changed in place."""
    match value:
        case Tensor():
            return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=CARD)
        case torch.device():
            return CARD
        case list():
            return [_moved(part) for part in value]
        case dict():
            return {key: _moved(part) for key, part in value.items()}
    if type(value).__module__.startswith(ROOM):
        for name, part in vars(value).items():
            object.__setattr__(value, name, _moved(part))  # frozen ones too: nobody else has this training
    return value


@cache
def _silu_backward_is_one_launch() -> torch.library.Library:
    """A torch without CUDA has no kernel for it, and autograd would write it out. A true GPU must keep its own."""
    library = torch.library.Library("aten", "IMPL")
    library.impl("silu_backward", lambda grad, x: torch.empty_like(x), "CUDA")
    return library
