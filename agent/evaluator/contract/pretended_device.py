"""A device that is none: tensors that compute on the CPU, and refuse as a GPU would to meet those that lie there.

Torch knows the device `meta` on every machine, so a tensor may claim to lie on it; here it holds its numbers all the
same. What a GPU really computes, and how fast, this cannot tell; whether something was left on the CPU it can.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

PRETENDED = torch.device("meta")
ACROSS = ("aten::_to_copy", "aten::copy_")  # may be given tensors of two devices
BY_INDEX = ("aten::index", "aten::index_put", "aten::index_put_")  # may be given places on the CPU


class OnAnotherDevice(RuntimeError):
    """An operator was given a tensor of the pretended device, and one that lies on the CPU."""

    def __init__(self, operator: str) -> None:
        super().__init__(f"{operator}: Expected all tensors to be on the same device")
        self.operator = operator


class OnDevice(Tensor):
    """A tensor that says that it lies on the pretended device, around one that does lie somewhere."""

    @staticmethod
    def __new__(cls, held: Tensor) -> "OnDevice":
        made: OnDevice = Tensor._make_wrapper_subclass(
            cls, held.shape, held.stride(), held.storage_offset(), dtype=held.dtype, device=PRETENDED
        )
        return made

    def __init__(self, held: Tensor) -> None:
        self.held = held.detach()

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        return call(func, args, kwargs or {})


def call(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """What an operator gives on the device where its arguments lie. Raises OnAnotherDevice where that is no one device.

    A number that is a tensor without dimensions may come from the CPU, as on a GPU.
    """
    name = func.name().split(".")[0]
    tensors = [part for part in tree_leaves((args, kwargs)) if isinstance(part, Tensor)]
    on_device = any(isinstance(tensor, OnDevice) for tensor in tensors)
    elsewhere = any(not isinstance(tensor, OnDevice) and tensor.dim() > 0 for tensor in tensors)
    if on_device and elsewhere and name not in (*ACROSS, *BY_INDEX):
        raise OnAnotherDevice(name.removeprefix("aten::"))
    asked = kwargs.get("device")
    stays = on_device if asked is None else torch.device(asked) == PRETENDED
    if asked is not None:
        kwargs = {**kwargs, "device": "cpu"}
    result = func(*tree_map(_held, args), **tree_map(_held, kwargs))
    if func._schema.is_mutable and name.endswith("_"):
        return args[0]
    return tree_map(_put, result) if stays else result


def _held(value: Any) -> Any:
    return value.held if isinstance(value, OnDevice) else value


def _put(value: Any) -> Any:
    return OnDevice(value) if isinstance(value, Tensor) else value


class _Dispatch(TorchDispatchMode):
    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Else torch imports its compiler, which takes longer than all that is looked at."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return call(func, args, kwargs or {})


class _Python(TorchFunctionMode):
    """What torch does before it asks its dispatcher."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is Tensor.tolist:
            return _held(args[0]).tolist()
        if func is torch.tensor and (device := kwargs.pop("device", None)) is not None:
            return func(*args, **kwargs).to(device)
        if func is Tensor.new_tensor:
            return torch.tensor(*args[1:], **{"dtype": args[0].dtype} | kwargs).to(args[0].device)
        return func(*args, **kwargs)


@contextmanager
def pretended_device() -> Iterator[torch.device]:
    """Within it the device that is handed out may be used as any other."""
    with _Python(), _Dispatch():
        yield PRETENDED
