"""The calls that the probes make to an op, and their results: tensors that travel through a worker's folder.

The parent draws the calls and judges the results; a worker does no more than call the op. What it writes is read
as raw tensors, so that nothing of a variant's can speak for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load, save, save_file
from torch import Tensor

from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.evaluator.contract.boundary import call_op
from agent.evaluator.contract.calls import state_tensors
from agent.evaluator.contract.pieces import in_pieces
from agent.evaluator.contract.variant import Variant, WrongShape
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.jail.exchange import leave, take
from agent.evaluator.jail.numbers import whole
from agent.evaluator.probes.effort import Effort

LARGEST_ANSWER = 256 << 20  # bytes
MOST_EFFORT = 10**15  # operations of one call
Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class ProbeCall:
    """A call of the op: its arguments by name, the state it starts from, and what else is to be told.

    With `cotangent` (of the shape of o) the gradients of (o * cotangent).sum() are told; with `effort` how much is
    computed. With `copies` the call is about so many of each sequence, and only the results of the first are told.
    With `cuts` the tokens are fed in pieces, all in one process, and the outputs are those of all pieces.
    """

    arguments: Mapping[str, Tensor]
    chunk_size: int
    state: tuple[Tensor, ...] = ()
    state_is_tuple: bool = False
    cotangent: Tensor | None = None
    effort: bool = False
    copies: int = 1
    cuts: tuple[int, ...] = ()

    @property
    def length(self) -> int:
        """How many tokens the call is about."""
        return self.arguments["q"].shape[2]

    def to(self, dtype: torch.dtype) -> "ProbeCall":
        """The same call with its arguments in this type."""
        return replace(self, arguments={name: part.to(dtype) for name, part in self.arguments.items()})


@dataclass(frozen=True)
class ProbeResult:
    """What a call returned, in the parent's hands."""

    o: Tensor
    state: tuple[Tensor, ...]
    state_is_tuple: bool
    gradients: Mapping[str, Tensor]
    changed: tuple[str, ...]  # arguments that the call wrote into
    effort: int  # floating-point operations, as far as torch's dispatcher sees them


@dataclass(frozen=True)
class _Form:
    """All of a call but its tensors."""

    chunk_size: int
    names: list[str]
    states: int
    state_is_tuple: bool
    effort: bool
    gradient: bool
    copies: int
    cuts: list[int]


def write_calls(calls: Sequence[ProbeCall], path: Path) -> list[dict[str, Any]]:
    """Write the tensors of some calls; the rest of them is returned, for the request."""
    tensors: Tensors = {}
    forms = []
    for index, call in enumerate(calls):
        parts = dict(call.arguments) | {f"state {part}": tensor for part, tensor in enumerate(call.state)}
        parts |= {"cotangent": call.cotangent} if call.cotangent is not None else {}
        tensors |= {f"{index} {name}": _copy(tensor) for name, tensor in parts.items()}
        gradient = call.cotangent is not None
        names, count = list(call.arguments), len(call.state)
        form = _Form(
            call.chunk_size,
            names,
            count,
            call.state_is_tuple,
            call.effort,
            gradient,
            call.copies,
            list(call.cuts),
        )
        forms.append(asdict(form))
    leave(path, save(tensors))
    return forms


def run_calls(variant: Variant, forms: list[dict[str, Any]], asked: Path, answered: Path) -> list[dict[str, Any]]:
    """In a worker: make each call, write what it returns, and tell the rest of it."""
    buffers: Tensors = {}
    told = []
    tensors: Tensors = {}
    with safe_open(asked, "pt") as file:
        for index, form in enumerate(forms):
            facts, parts = _run_call(variant, _Form(**form), _Reader(file, index, buffers))
            told.append(facts)
            tensors |= {f"{index} {name}": part for name, part in parts.items()}
    save_file(tensors, answered)
    return told


def read_results(told: list[dict[str, Any]], calls: Sequence[ProbeCall], path: Path) -> list[ProbeResult]:
    """Read the results. Raises EvaluationFailed for a wrong shape of o.

    Raises ValueError, KeyError, TypeError or OSError where they are not what was asked for.
    """
    tensors = load(take(path, LARGEST_ANSWER))
    results = []
    for index, (call, facts) in enumerate(zip(calls, told, strict=True)):
        v = call.arguments["v"]
        o = tensors[f"{index} o"]
        if o.shape != v.shape:
            raise EvaluationFailed(Failure("wrong shape", _other_shape(o, v)))
        if o.dtype != v.dtype:
            raise ValueError(f"o is {o.dtype}")
        state = tuple(tensors[f"{index} state {part}"] for part in range(int(facts["states"])))
        wanted = call.arguments if call.cotangent is not None else {}
        gradients = {name: tensors[f"{index} gradient {name}"] for name in wanted}
        changed = tuple(str(name) for name in facts["changed"])
        effort = whole(facts, "effort", 0, MOST_EFFORT)
        results.append(ProbeResult(o, state, bool(facts["tuple"]), gradients, changed, effort))
    return results


class _Reader:
    """Reads the tensors of a call in the same memory as those of the one before, where the shapes allow it.

    An op that keeps what it knows by a shape or an address is then mistaken, and found out.
    """

    def __init__(self, file: Any, index: int, buffers: Tensors) -> None:
        self.file, self.index, self.buffers = file, index, buffers

    def __call__(self, name: str) -> Tensor:
        tensor: Tensor = self.file.get_tensor(f"{self.index} {name}")
        key = f"{name} {tuple(tensor.shape)} {tensor.dtype}"
        if key not in self.buffers:
            self.buffers[key] = torch.empty_like(tensor)
        return self.buffers[key].detach().copy_(tensor)


def _run_call(variant: Variant, form: _Form, read: _Reader) -> tuple[dict[str, Any], Tensors]:
    if form.cuts:
        return _run_pieces(variant, form, read)
    arguments = {name: _many(read(name), form.copies) for name in form.names}
    parts = {f"state {part}": _many(read(f"state {part}"), form.copies) for part in range(form.states)}
    carried = tuple(parts.values())
    state = None if not carried else carried if form.state_is_tuple else carried[0]
    with Effort(form.effort) as effort:
        called = call_op(variant.op, arguments, form.chunk_size, state)
    if type(called.o) is not Tensor:
        raise WrongShape(Reason("failure.not_always_a_pair", {"length": called.leaves["q"].shape[2]}))
    if called.o.shape != called.leaves["v"].shape:
        raise WrongShape(_other_shape(called.o, called.leaves["v"]))
    found, wanted = called.o.dtype, called.leaves["v"].dtype
    if found != wanted:
        raise WrongShape(Reason("failure.output_type", {"found": str(found), "wanted": str(wanted)}))
    returned = state_tensors(called.state)
    tensors = {"o": called.o} | {f"state {part}": tensor for part, tensor in enumerate(returned)}
    if form.gradient:
        gradients = called.gradients(_many(read("cotangent"), form.copies))
        for (name, argument), gradient in zip(arguments.items(), gradients, strict=True):
            tensors[f"gradient {name}"] = torch.zeros_like(argument) if gradient is None else gradient
    facts = {
        "tuple": isinstance(called.state, tuple),
        "states": len(returned),
        "changed": called.changed(arguments | parts),
        "effort": effort.numbers,
    }
    return facts, {name: _copy(tensor[: len(tensor) // form.copies]) for name, tensor in tensors.items()}


def _other_shape(o: Tensor, v: Tensor) -> Reason:
    """That outputs have another shape than the values."""
    return Reason("failure.output_shape", {"found": str(tuple(o.shape)), "wanted": str(tuple(v.shape))})


def _run_pieces(variant: Variant, form: _Form, read: _Reader) -> tuple[dict[str, Any], Tensors]:
    arguments = {name: read(name) for name in form.names}
    fed = in_pieces(variant.op, arguments, variant.declaration.parameters.keys(), form.cuts, form.chunk_size)
    facts = {"tuple": fed.state_is_tuple, "states": len(fed.states[-1]), "changed": [], "effort": 0}
    tensors = {"o": fed.o} | {f"state {part}": tensor for part, tensor in enumerate(fed.states[-1])}
    return facts, {name: _copy(tensor) for name, tensor in tensors.items()}


def _many(tensor: Tensor, copies: int) -> Tensor:
    """All rows, and behind them others made of the same numbers: so many times as many in all.

    The others have their tokens in another order, so that no call is told by rows that are alike.
    """
    if copies == 1:
        return tensor
    others = [tensor.roll(copy, 2) if tensor.dim() > 2 else tensor for copy in range(copies)]
    return torch.cat(others)


def _copy(tensor: Tensor) -> Tensor:
    """Memory of its own, without gaps: a file takes no other."""
    return tensor.detach().clone(memory_format=torch.contiguous_format)
