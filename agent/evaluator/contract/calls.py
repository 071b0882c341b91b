"""What an op takes and returns: arguments as the layer would give them, and whether the answer has the right shapes.

A worker looks at it before it describes a variant. What needs more than one call is in
agent/evaluator/probes/probes.py.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from agent.core.reason import Reason
from agent.evaluator.contract.boundary import call_op
from agent.evaluator.contract.variant import Declaration, Variant, VariantRefused, WrongShape
from agent.evaluator.protocol import Protocol


@dataclass(frozen=True)
class Call:
    """Arguments of one call of an op, as the layer would give them."""

    positional: tuple[Tensor, Tensor, Tensor, Tensor]
    learned: dict[str, Tensor]

    def tensors(self) -> list[Tensor]:
        return [*self.positional, *self.learned.values()]

    def arguments(self) -> dict[str, Tensor]:
        """All of them by name."""
        return dict(zip(("q", "k", "v", "beta"), self.positional, strict=True)) | self.learned


def sample_call(
    declaration: Declaration,
    protocol: Protocol,
    batch: int,
    length: int,
    device: torch.device,
    seed: int = 0,
    value_dim: int | None = None,
) -> Call:
    """Random arguments of the protocol's head sizes that ask for gradients; values may have another width."""
    heads, dim = protocol.heads, protocol.width // protocol.heads
    chance = torch.Generator().manual_seed(seed)
    sizes = {"head": heads, "key": dim, "value": dim if value_dim is None else value_dim}

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=chance).to(device).requires_grad_()

    q, k, v = (normal(batch, heads, length, sizes[kind]) for kind in ("key", "key", "value"))
    beta = torch.rand(batch, heads, length, generator=chance).to(device).requires_grad_()
    learned = {
        name: normal(batch, heads, length, *([] if kind == "head" else [sizes[kind]]))
        for name, kind in declaration.inputs.items()
    }
    for name, parameter in declaration.parameters.items():
        shape = (1, *(sizes.get(str(kind)) or int(kind) for kind in parameter.shape))
        initial = torch.empty(shape).uniform_(parameter.low, parameter.high, generator=chance)
        learned[name] = initial.expand(batch, *shape[1:]).contiguous().to(device).requires_grad_()
    return Call((q, k, v, beta), learned)


def state_tensors(state: Any) -> tuple[Tensor, ...]:
    """A state as a tuple of tensors; WrongShape if it is anything else."""
    parts = state if isinstance(state, tuple) else (state,)
    if not parts:
        raise WrongShape(Reason("failure.state_type", {"found": "()"}))
    for place, part in enumerate(parts, start=1):
        if type(part) is not Tensor:
            raise WrongShape(_no_tensor(part, place if isinstance(state, tuple) else None))
    if any(part.is_complex() for part in parts):
        raise WrongShape(Reason("failure.complex_state"))
    return parts


def _no_tensor(part: object, place: int | None) -> Reason:
    """That a state, or the part of one at a place, counted from 1, is no tensor."""
    found = type(part).__name__
    if place is None:
        return Reason("failure.state_type", {"found": found})
    return Reason("failure.state_part", {"found": found, "part": place})


def state_size(variant: Variant, protocol: Protocol, device: torch.device) -> int:
    """How many numbers one sequence's state holds, all heads together."""
    call = sample_call(variant.declaration, protocol, 1, protocol.chunk_size, device)
    called = call_op(variant.op, call.arguments(), protocol.chunk_size)
    return sum(part.numel() for part in state_tensors(called.state))


def unused_arguments(variant: Variant, protocol: Protocol, device: torch.device) -> list[str]:
    """The arguments that no output depends on, as beta in an op without a learning rate."""
    call = sample_call(variant.declaration, protocol, 2, 2 * protocol.chunk_size + 3, device)
    called = call_op(variant.op, call.arguments(), protocol.chunk_size)
    gradients = called.gradients(torch.ones_like(called.o))
    return [name for name, gradient in zip(called.leaves, gradients, strict=True) if gradient is None]


def needs_equal_widths(variant: Variant, protocol: Protocol, device: torch.device) -> bool:
    """Whether an op fails where values are narrower than keys. No network here has such, others may."""
    narrow = max(1, protocol.width // protocol.heads // 2)
    call = sample_call(variant.declaration, protocol, 2, protocol.chunk_size + 3, device, value_dim=narrow)
    try:
        o = call_op(variant.op, call.arguments(), protocol.chunk_size).o
    except Exception:  # whatever the op raises of its own, it is a remark on it and no failure
        return True
    return not isinstance(o, Tensor) or o.shape != call.positional[2].shape


def check_contract(variant: Variant, protocol: Protocol, device: torch.device) -> None:
    """Call the op once, with a length that the chunk does not divide, and look at what comes back.

    Raises WrongShape, or VariantRefused where outputs or gradients are not finite.
    """
    batch, length = 2, protocol.chunk_size + 3
    call = sample_call(variant.declaration, protocol, batch, length, device)
    called = call_op(variant.op, call.arguments(), protocol.chunk_size)
    o, state = called.o, called.state
    v = call.positional[2]
    if type(o) is not Tensor or o.shape != v.shape:
        found = str(tuple(o.shape)) if isinstance(o, Tensor) else type(o).__name__
        raise WrongShape(Reason("failure.output_shape", {"found": found, "wanted": str(tuple(v.shape))}))
    if o.dtype != v.dtype:
        raise WrongShape(Reason("failure.output_type", {"found": str(o.dtype), "wanted": str(v.dtype)}))
    for part in state_tensors(state):
        if part.shape[:1] != (batch,):
            raise WrongShape(Reason("failure.state_shape", {"found": str(tuple(part.shape)), "batch": batch}))
    if not o.isfinite().all():
        raise VariantRefused(Reason("failure.returned_not_finite"))
    if not o.requires_grad:
        raise VariantRefused(Reason("failure.cut_from_inputs"))
    gradients = called.gradients(2 * o)
    if not all(gradient is None or gradient.isfinite().all() for gradient in gradients):
        raise VariantRefused(Reason("failure.op_gradient_not_finite"))
