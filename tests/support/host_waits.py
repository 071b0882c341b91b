"""Where a host would wait for its GPU: every call that does, on the pretended device, by what it is."""

from collections import Counter
from contextlib import contextmanager
from unittest import mock

import torch
from torch.utils._pytree import tree_leaves

from agent.evaluator.contract import pretended_device
from agent.evaluator.contract.pretended_device import PRETENDED, OnDevice

# Operators that look at the numbers to know how large their result is, or that hand one to Python.
WAITING = (
    "_local_scalar_dense", "nonzero", "bincount", "masked_select", "_unique2", "unique_dim", "unique_consecutive",
    "repeat_interleave", "is_nonzero", "equal", "multinomial",
)  # fmt: skip


@contextmanager
def host_waits():
    """A count of them, which grows within it; a `tolist` is one, whatever is in the list."""
    seen = Counter()
    call, function = pretended_device.call, pretended_device._Python.__torch_function__

    def watched(func, args, kwargs):
        seen.update(waits(func, args, kwargs))
        return call(func, args, kwargs)

    def watched_python(mode, func, types, args=(), kwargs=None):
        if func is torch.Tensor.tolist and isinstance(args[0], OnDevice):
            seen["tolist"] += 1
        return function(mode, func, types, args, kwargs)

    with (
        mock.patch.object(pretended_device, "call", watched),
        mock.patch.object(pretended_device._Python, "__torch_function__", watched_python),
    ):
        yield seen


def waits(func, args, kwargs):
    """For what an operator makes the host wait."""
    name = func.name().split(".")[0].removeprefix("aten::")
    leaves = tree_leaves((args, kwargs))
    tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    here = [isinstance(tensor, OnDevice) for tensor in tensors]
    if name in WAITING and any(here):
        yield name
    if name in ("index", "index_put", "index_put_") and any(here):
        for place in tree_leaves(args[1]):
            if isinstance(place, torch.Tensor) and (place.dtype == torch.bool or not isinstance(place, OnDevice)):
                yield "index by a mask or from the host"
    if name == "_to_copy" and (device := kwargs.get("device")) is not None:
        to = torch.device(device) == PRETENDED
        if to != any(here) and not (to and kwargs.get("non_blocking")):
            yield "copy"
    if name == "copy_" and len(set(here)) > 1 and not (here[0] and True in args[2:]):
        yield "copy"
