"""The one way in which an op is called: by the network that trains and predicts, by every probe and by every audit.

An op could behave when it is looked at and cheat when it is not, if the two looked different to it. So it is always
given the same: fresh tensors without gaps that are leaves and ask for gradients, with the recording of gradients on,
whatever they were computed from and whatever the caller wants of the result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from agent.core.reason import Reason
from agent.evaluator.contract.variant import WrongShape

Op = Callable[..., tuple[Any, Any]]
State = Tensor | tuple[Tensor, ...] | None  # that an op was given, or is to be given


@dataclass(frozen=True)
class Called:
    """One call of an op: the arguments as it was given them, and what it returned."""

    leaves: Mapping[str, Tensor]
    given_state: State
    o: Any
    state: Any
    only_reads: bool = False  # whether the op is known to write into nothing that it is given

    def gradients(self, cotangent: Tensor) -> list[Tensor | None]:
        """The gradient of (o * cotangent).sum() by each argument; None where o does not depend on one."""
        if not self.o.requires_grad:
            return [None] * len(self.leaves)
        given = cotangent.detach() if self.only_reads else leaf(cotangent)
        return list(torch.autograd.grad(self.o, list(self.leaves.values()), given, allow_unused=True))

    def changed(self, given: Mapping[str, Tensor]) -> list[str]:
        """Which of the arguments, and of the parts of the state, named "state 0" and so on, the call wrote into."""
        carried = self.given_state if isinstance(self.given_state, tuple) else (self.given_state,)
        held = dict(self.leaves) | {f"state {part}": each for part, each in enumerate(carried) if each is not None}
        return [name for name, tensor in held.items() if not torch.equal(tensor.detach(), given[name])]


@dataclass(frozen=True)
class OwnOp:
    """An op all of whose code is this project's: it writes into nothing that it is given, so it needs no copies.

    A variant cannot give itself out as one, since its op is a function (agent/evaluator/contract/variant.py).
    """

    function: Op

    def __call__(self, *given: Any, **named: Any) -> tuple[Any, Any]:
        return self.function(*given, **named)


class Audit(Protocol):
    """Is shown every call that a network makes of an op, and may make it again."""

    def __call__(self, op: Op, called: Called) -> None:
        """Raises VariantRefused where what the op answered depends on what it must not."""

    def passes(self, calls: int) -> bool:
        """Whether none of the next so many calls is to be looked at; they then count as made."""


def call_op(op: Op, arguments: Mapping[str, Tensor], chunk_size: int, state: State = None) -> Called:
    """Call an op. It cannot tell who calls, nor write into what the caller holds. WrongShape if it returns no pair.

    arguments: q, k, v, beta and what the variant declares, by name; state: what an earlier call returned, or None.
    """
    only_reads = isinstance(op, OwnOp)
    own = Tensor.detach if only_reads else leaf
    leaves = {name: own(argument).requires_grad_() for name, argument in arguments.items()}
    given = tuple(map(own, state)) if isinstance(state, tuple) else None if state is None else own(state)
    with torch.enable_grad():
        returned = op(**leaves, initial_state=given, chunk_size=chunk_size)
    if not (isinstance(returned, tuple) and len(returned) == 2):
        raise WrongShape(Reason("failure.not_a_pair", {"found": type(returned).__name__}))
    return Called(leaves, given, *returned, only_reads)


def leaf(tensor: Tensor) -> Tensor:
    """The same numbers in memory of their own, without gaps and without a history."""
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def outputs(
    op: Op,
    arguments: Mapping[str, Tensor],
    chunk_size: int,
    rows_a_call: int | None = None,
    audit: Audit | None = None,
) -> Tensor:
    """What the network takes of an op: o, differentiable by the arguments. `audit` is shown each call.

    Where no gradient is wanted a batch may be of any size; it is then handed to the op in calls of `rows_a_call`, the
    size that training has, and no call's record of its gradients outlives it. The last call reads some rows again,
    and a batch that is too small is filled up with its own rows.
    """
    rows = len(arguments["q"])
    if torch.is_grad_enabled() or rows_a_call is None or rows == rows_a_call:
        o: Tensor = _Boundary.apply(op, chunk_size, audit, tuple(arguments), *arguments.values())
        return o
    if rows < rows_a_call:
        filled = torch.arange(rows_a_call, device=arguments["q"].device) % rows
        enough = {name: part[filled] for name, part in arguments.items()}
        return outputs(op, enough, chunk_size, audit=audit)[:rows]
    parts = []
    for start in range(0, rows, rows_a_call):
        first = min(start, rows - rows_a_call)
        called = {name: part[first : first + rows_a_call] for name, part in arguments.items()}
        parts.append(outputs(op, called, chunk_size, audit=audit)[start - first :])
    return torch.cat(parts)


class _Boundary(torch.autograd.Function):
    """Keeps the op's record of its gradients apart from the network's: neither can be reached from the other."""

    @staticmethod
    def forward(
        ctx: Any, op: Op, chunk_size: int, audit: Audit | None, names: tuple[str, ...], *arguments: Tensor
    ) -> Tensor:
        called = call_op(op, dict(zip(names, arguments, strict=True)), chunk_size)
        if not isinstance(called.o, Tensor):
            seen = {"found": type(called.o).__name__, "wanted": str(tuple(called.leaves["v"].shape))}
            raise WrongShape(Reason("failure.output_shape", seen))
        if audit is not None:
            audit(op, called)
        ctx.called = called
        return called.o.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        called, ctx.called = ctx.called, None  # what the op remembers of its call is not needed after this
        return None, None, None, None, *called.gradients(gradient)
