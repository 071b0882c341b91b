"""What an op computes, in a few numbers: two variants with the same signature compute the same, however written."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

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
    with torch.no_grad():
        return tuple(
            number for sample in SAMPLES for number in _project(_answer(ordered, sample), sample.seed).tolist()
        )


def _answer(variant: Variant, sample: Sample) -> Tensor:
    """Outputs of a call, and of its second part where the state of the first is carried over, in one vector."""
    call = sample_call(variant.declaration, SIZES, 2, sample.length, torch.device("cpu"), sample.seed)
    positional, learned = [part.detach() for part in call.positional], {n: p.detach() for n, p in call.learned.items()}
    o, _ = variant.op(*positional, chunk_size=SIZES.chunk_size, **learned)
    if not sample.carried:
        return o.flatten()

    def tokens(part: slice) -> tuple[list[Tensor], dict[str, Tensor]]:
        cut = {n: p if n in variant.declaration.parameters else p[:, :, part] for n, p in learned.items()}
        return [each[:, :, part] for each in positional], cut

    early, early_learned = tokens(slice(sample.carried))
    late, late_learned = tokens(slice(sample.carried, None))
    _, state = variant.op(*early, chunk_size=SIZES.chunk_size, **early_learned)
    state = tuple(state_tensors(state)) if isinstance(state, tuple) else state
    carried, _ = variant.op(*late, initial_state=state, chunk_size=SIZES.chunk_size, **late_learned)
    return torch.cat([o.flatten(), carried.flatten()])


def _project(answer: Tensor, seed: int) -> Tensor:
    """A vector's products with fixed random signs, over the root of its length."""
    chance = torch.Generator().manual_seed(seed)
    signs = torch.randint(0, 2, (NUMBERS, len(answer)), generator=chance, dtype=torch.float32) * 2 - 1
    return (signs @ answer.float()) / len(answer) ** 0.5
