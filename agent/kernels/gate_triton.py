"""The gate of agent/kernels/gate.py as two Triton kernels, for a GPU: every number is read once and written once.

Plain PyTorch reads or writes as many numbers two and a half times, forward and backward, since it keeps what SiLU gave
and joins the gradients of both halves.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK = 1024  # outputs of a program
KINDS = (torch.float32, torch.bfloat16)


@triton.jit
def _gate(x, y, total, INNER: tl.constexpr, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    """y = g sigmoid(g) v, where g and v are the halves of a row of x."""
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = place < total
    first = place // INNER * (2 * INNER) + place % INNER
    g = tl.load(x + first, mask=inside, other=0.0).to(tl.float32)
    v = tl.load(x + first + INNER, mask=inside, other=0.0).to(tl.float32)
    tl.store(y + place, (g * tl.sigmoid(g) * v).to(y.dtype.element_ty), mask=inside)


@triton.jit
def _gate_backward(x, grad_y, grad_x, total, INNER: tl.constexpr, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    """The gradients of g and of v from that of y, side by side as g and v are."""
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = place < total
    first = place // INNER * (2 * INNER) + place % INNER
    g = tl.load(x + first, mask=inside, other=0.0).to(tl.float32)
    v = tl.load(x + first + INNER, mask=inside, other=0.0).to(tl.float32)
    grad = tl.load(grad_y + place, mask=inside, other=0.0).to(tl.float32)
    s = tl.sigmoid(g)
    grad_g = grad * v * s * (1.0 + g * (1.0 - s))
    tl.store(grad_x + first, grad_g.to(grad_x.dtype.element_ty), mask=inside)
    tl.store(grad_x + first + INNER, (grad * g * s).to(grad_x.dtype.element_ty), mask=inside)


def fits(x: Tensor) -> bool:
    """Whether these kernels can gate x."""
    return x.dtype in KINDS


def gate(x: Tensor) -> Tensor:
    """(..., 2 I) -> (..., I) of the same type, as `silu_gate` without its gradient."""
    y = torch.empty(*x.shape[:-1], x.shape[-1] // 2, dtype=x.dtype, device=x.device)
    _launch(_gate, x.contiguous(), y, y.numel())
    return y


def gate_backward(x: Tensor, grad: Tensor) -> Tensor:
    """The gradient of `gate`'s input from that of its output."""
    grad_x = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    _launch(_gate_backward, x.contiguous(), grad.contiguous(), grad_x, grad.numel())
    return grad_x


def _launch(kernel, x: Tensor, *others: object) -> None:  # type: ignore[no-untyped-def]
    outputs = x.numel() // 2
    if outputs:
        kernel[(triton.cdiv(outputs, BLOCK),)](x, *others, INNER=x.shape[-1] // 2, BLOCK=BLOCK)
