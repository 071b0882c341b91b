"""A device that is none: tensors that compute on the CPU, and refuse as a GPU would to meet those that lie there.

Torch knows the device `meta` on every machine, so a tensor may claim to lie on it; here it holds its numbers all the
same. What a GPU really computes, and how fast, this cannot tell; whether something was left on the other device it can.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from unittest import mock

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from agent.evaluator.training.stack import LOGITS_AT_ONCE, TOKENS_A_STEP

CARD = torch.device("meta")
ACROSS = ("aten::_to_copy", "aten::copy_")  # may be given tensors of two devices
BY_INDEX = ("aten::index", "aten::index_put_")  # may be given places on the CPU


class OnCard(torch.Tensor):
    """A tensor that says that it lies on the card, around one that does lie somewhere."""

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls, held.shape, held.stride(), held.storage_offset(), dtype=held.dtype, device=CARD
        )

    def __init__(self, held):
        self.held = held.detach()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _call(func, args, kwargs or {})


def _call(func, args, kwargs):
    name = func.name().split(".")[0]
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    on_card = any(isinstance(tensor, OnCard) for tensor in tensors)
    elsewhere = [tensor for tensor in tensors if not isinstance(tensor, OnCard) and tensor.dim() > 0]
    if on_card and elsewhere and name not in (*ACROSS, *BY_INDEX):
        raise RuntimeError(f"{name}: Expected all tensors to be on the same device, but found card and cpu")
    asked = kwargs.get("device")
    result_on_card = on_card if asked is None else torch.device(asked) == CARD
    if asked is not None:
        kwargs = {**kwargs, "device": "cpu"}
    result = func(*tree_map(_held, args), **tree_map(_held, kwargs))
    if func._schema.is_mutable and name.endswith("_"):
        return args[0]
    return tree_map(_carded, result) if result_on_card else result


def _held(value):
    return value.held if isinstance(value, OnCard) else value


def _carded(value):
    return OnCard(value) if isinstance(value, torch.Tensor) else value


class _Dispatch(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _call(func, args, kwargs or {})


class _Python(TorchFunctionMode):
    """What torch does before it asks its dispatcher."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.tolist:
            return _held(args[0]).tolist()
        if func is torch.tensor and (device := kwargs.pop("device", None)) is not None:
            return func(*args, **kwargs).to(device)
        result = func(*args, **kwargs)
        chance = kwargs.get("generator")
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
    return nullcontext() if device_type == CARD.type else _autocast.real(device_type, **options)


_autocast.real = torch.autocast


@contextmanager
def pretended_card() -> Iterator[torch.device]:
    """Within it the device that is handed out may be used as any other."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch("torch.Generator", _Generator))
        stack.enter_context(mock.patch("torch.autocast", _autocast))
        for limits in (TOKENS_A_STEP, LOGITS_AT_ONCE):
            stack.enter_context(mock.patch.dict(limits, {CARD.type: limits["cpu"]}))
        stack.enter_context(_Python())
        stack.enter_context(_Dispatch())
        yield CARD
