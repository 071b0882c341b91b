"""What an op computes, in a few numbers: two variants with the same signature compute the same, however written."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from agent.evaluator.contract.boundary import call_op
from agent.evaluator.contract.calls import sample_call, state_tensors
from agent.evaluator.contract.variant import Declaration, Variant
from agent.evaluator.protocols import SMOKE

# Sizes of their own, so that a signature does not depend on the protocol: two heads of 16, chunks of 8.
SIZES = replace(SMOKE, width=32, heads=2, chunk_size=8)
NUMBERS = 16  # a call


@dataclass(frozen=True)
class Sample:
    """A call whose answer is part of the signature; of `carried` tokens the state is handed to a second call."""

    length: int
    carried: int
    seed: int


SAMPLES = (Sample(8, 0, 1), Sample(21, 0, 2), Sample(40, 16, 3), Sample(67, 32, 4))


def signature(variant: Variant) -> tuple[float, ...]:
    """The answers on fixed inputs (float32, on the CPU), each call's projected to 16 numbers of the order of one."""
    # By name, so that the order of a declaration says nothing.
    declared = variant.declaration
    inputs = {name: declared.inputs[name] for name in sorted(declared.inputs)}
    parameters = {name: declared.parameters[name] for name in sorted(declared.parameters)}
    ordered = Variant(variant.op, Declaration(inputs, parameters))
    return tuple(number for sample in SAMPLES for number in _project(_answer(ordered, sample), sample.seed).tolist())


def _answer(variant: Variant, sample: Sample) -> Tensor:
    """Outputs of a call, and of its second part where the state of the first is carried over, in one vector."""
    call = sample_call(variant.declaration, SIZES, 2, sample.length, torch.device("cpu"), sample.seed)
    arguments = call.arguments()
    o = call_op(variant.op, arguments, SIZES.chunk_size).o.detach()
    if not sample.carried:
        return o.flatten()

    def tokens(part: slice) -> dict[str, Tensor]:
        return {n: p if n in variant.declaration.parameters else p[:, :, part] for n, p in arguments.items()}

    state = call_op(variant.op, tokens(slice(sample.carried)), SIZES.chunk_size).state
    state = tuple(state_tensors(state)) if isinstance(state, tuple) else state
    carried = call_op(variant.op, tokens(slice(sample.carried, None)), SIZES.chunk_size, state).o.detach()
    return torch.cat([o.flatten(), carried.flatten()])


def _project(answer: Tensor, seed: int) -> Tensor:
    """A vector's products with fixed random signs, over the root of its length."""
    chance = torch.Generator().manual_seed(seed)
    signs = torch.randint(0, 2, (NUMBERS, len(answer)), generator=chance, dtype=torch.float32) * 2 - 1
    return (signs @ answer.float()) / len(answer) ** 0.5
