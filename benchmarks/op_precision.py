"""What products of rounded operands cost an op: every known variant on a CPU, as tensor cores would round them.

    python -m benchmarks.op_precision

A GPU multiplies float32 on its tensor cores after rounding each operand to 10 bits behind the point (TF32) or to
bfloat16's 7, and adds up in float32. Here the same is done to every product of the op and of its gradient. Nothing is
trained: it is one call, of random arguments under mad's sizes. Differences are of a token's output in units of its own
size, as audits have them (agent/evaluator/probes/audit.py), and of all gradients together by their norm.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from agent.core.baselines import BASELINES, baseline_path, published_paths
from agent.evaluator.contract.boundary import call_op
from agent.evaluator.contract.calls import sample_call
from agent.evaluator.contract.pieces import in_pieces
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.probes.audit import apart
from agent.evaluator.protocols import MAD
from benchmarks.timing import CPU, one_thread

BATCH = 4
PRODUCTS = ("aten::mm", "aten::bmm", "aten::addmm", "aten::baddbmm")
TF32_LOST = 13  # bits of a float32 that TF32 has not

Rounding = Callable[[Tensor], Tensor]


def to_tf32(x: Tensor) -> Tensor:
    """The nearest number with 10 bits behind the point, of two that are as near the even one; still in float32."""
    bits = x.contiguous().view(torch.int32)
    even = (bits >> TF32_LOST) & 1
    rounded = (bits + (1 << (TF32_LOST - 1)) - 1 + even) >> TF32_LOST << TF32_LOST
    return rounded.view(torch.float32)


def to_bfloat16(x: Tensor) -> Tensor:
    """The nearest bfloat16, in float32."""
    return x.bfloat16().float()


class RoundedProducts(TorchDispatchMode):
    """Rounds both operands of every product in float32, forward and backward."""

    def __init__(self, rounding: Rounding) -> None:
        super().__init__()
        self.rounding = rounding

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Else torch imports its compiler, which takes longer than what is to be seen."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func._schema.name in PRODUCTS:
            *added, a, b = args
            if a.dtype == torch.float32:
                args = (*added, self.rounding(a), self.rounding(b))
        return func(*args, **(kwargs or {}))


def differentiated(
    variant: Variant, arguments: Mapping[str, Tensor], rounding: Rounding | None
) -> tuple[Tensor, Tensor]:
    """o, and the gradients of the sum of its squares one behind the other."""
    with RoundedProducts(rounding) if rounding else nullcontext():
        called = call_op(variant.op, arguments, MAD.chunk_size)
        gradients = called.gradients(2 * called.o.detach())
    return called.o.detach(), torch.cat([gradient.flatten() for gradient in gradients if gradient is not None])


def in_pieces_apart(variant: Variant, arguments: Mapping[str, Tensor], rounding: Rounding, whole: Tensor) -> float:
    """How far one whole call is from the same tokens in pieces of whole chunks, both with rounded products."""
    length, chunk = whole.shape[2], MAD.chunk_size
    with RoundedProducts(rounding):
        fed = in_pieces(
            variant.op, arguments, variant.declaration.parameters, [*range(0, length, chunk), length], chunk
        )
    return apart(whole, fed.o)


def line(path: Path, length: int) -> str:
    """A line of the table: outputs and gradients off by either rounding, and pieces apart by it."""
    variant = load_variant(path)
    arguments = sample_call(variant.declaration, MAD, BATCH, length, CPU).arguments()
    o, gradient = differentiated(variant, arguments, None)
    cells = [path.stem]
    for rounding in (to_tf32, to_bfloat16):
        rounded, its_gradient = differentiated(variant, arguments, rounding)
        off = float((its_gradient - gradient).norm() / gradient.norm())
        pieces = in_pieces_apart(variant, arguments, rounding, rounded)
        cells += [f"{apart(o, rounded):.1e}", f"{off:.1e}", f"{pieces:.1e}"]
    return f"| {' | '.join(cells)} |"


def main(length: Annotated[int, typer.Option("--length", "-L", help="Tokens of the call.")] = 128) -> None:
    """One call of every known variant with products as tensor cores round them."""
    print(f"length {length}, chunks of {MAD.chunk_size}, batch {BATCH}\n")
    print("| variant | TF32: output | gradient | pieces | bfloat16: output | gradient | pieces |")
    print("|" + "---|" * 7, flush=True)
    with one_thread():
        for path in [*map(baseline_path, BASELINES), *published_paths().values()]:
            print(line(path, length), flush=True)


if __name__ == "__main__":
    typer.run(main)
