"""Names that no class of a variant may have for an attribute of its own.

A file may read the attributes that it declares, and the gate cannot tell on what: `x.f_back` of an object of its own
looks the same as that of a frame. So an own name must be one that nothing else has.
"""

import dataclasses
import functools
import sys
import types
import typing
from collections import deque
from functools import cache
from itertools import count

import torch

from agent.evaluator.contract.allowed import ATTRIBUTES


def _numbers() -> typing.Iterator[int]:
    yield 0


@cache
def reserved_attributes() -> frozenset[str]:
    """Every attribute, beyond those on the list, of what a variant can lay its hands on, or of what leads elsewhere."""
    result = torch.ones(1, requires_grad=True) * 2
    kinds: tuple[object, ...] = (
        # Python's own: functions and what runs them, classes, errors, numbers, texts, containers.
        _numbers, _numbers(), sys._getframe(), _numbers.__code__, len, [].append, types.MethodType(len, []),
        types.TracebackType, types.CoroutineType, types.AsyncGeneratorType, types.ModuleType, type, property,
        ImportError(), OSError(), StopIteration(), SyntaxError(), UnicodeDecodeError, functools.partial, count(), map,
        zip, dict, set, str, bytes, int, float, complex, tuple, slice, range, deque, typing.Any, typing.TypeVar,
        list[int], list[int], typing.NamedTuple, dataclasses.field(),
        # torch's: tensors and their types, gradients and their graph, modules, modes.
        torch.Tensor, torch.nn.Module, torch.autograd.Function, result.grad_fn, torch.Generator, torch.Size,
        torch.device, torch.dtype, torch.finfo, torch.no_grad, torch.autocast, torch.UntypedStorage,
    )  # fmt: skip
    return frozenset(name for kind in kinds for name in dir(kind)) - ATTRIBUTES
