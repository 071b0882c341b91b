"""What the fused delta rule loses by products in TF32: its kernels in Triton's interpreter, which is made to round.

    TRITON_INTERPRET=1 python -m benchmarks.kernel_precision

Differences are those of benchmarks/op_precision.py, from the plain form in float64.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from unittest import mock

import numpy as np
import torch
import triton
import typer
from torch import Tensor
from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

from agent.evaluator.probes.audit import apart
from agent.kernels import delta_rule_triton
from agent.kernels.delta_rule import FusedDeltaRule, plain_delta_rule
from benchmarks.op_precision import to_tf32


@contextmanager
def rounded_products() -> Iterator[None]:
    """Within it the interpreter rounds both operands of every product of tiles to TF32."""
    multiply = InterpreterBuilder.create_dot

    def rounded(tile: Any) -> Any:
        return TensorHandle(to_tf32(torch.from_numpy(np.ascontiguousarray(tile.data))).numpy(), tile.dtype)

    def create_dot(builder: Any, a: Any, b: Any, *others: Any) -> Any:
        return multiply(builder, rounded(a), rounded(b), *others)

    with mock.patch.object(InterpreterBuilder, "create_dot", create_dot):
        yield


def lost(length: int, width: int, decays: bool) -> tuple[float, float]:
    """How far o is off, in units of a token's size, and the gradient of the sum of its squares, by its norm."""
    chance = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 1, 1, length, width, generator=chance)
    beta, decay = torch.rand(2, 1, 1, length, generator=chance)
    given = [q, k, v, beta, *([-0.1 * decay] if decays else [])]

    def results(kind: torch.dtype, op: Any, *kernels: Any) -> tuple[Tensor, Tensor]:
        leaves = [part.to(kind).clone().requires_grad_() for part in given]
        o, _ = op(*[*leaves, None, None][:6], True, *kernels)
        gradients = torch.autograd.grad(o, leaves, 2 * o.detach())
        return o.detach(), torch.cat([gradient.flatten() for gradient in gradients])

    with rounded_products():
        o, gradient = results(torch.float32, FusedDeltaRule.apply, delta_rule_triton)
    exact, its_gradient = results(torch.float64, plain_delta_rule)
    return apart(exact, o.double()), float((gradient - its_gradient).norm() / its_gradient.norm())


def main(length: Annotated[int, typer.Option("--length", "-L", help="Tokens of the call.")] = 128) -> None:
    """One sequence of random arguments under mad's sizes, with and without a decay."""
    if not triton.knobs.runtime.interpret:
        raise SystemExit("set TRITON_INTERPRET=1: the kernels are to be interpreted")
    for decays in (False, True):
        o, gradient = lost(length, 128, decays)
        print(f"{'with' if decays else 'without'} decay: output {o:.1e}, gradient {gradient:.1e}", flush=True)


if __name__ == "__main__":
    typer.run(main)
