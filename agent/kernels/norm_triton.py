"""The norm of agent/kernels/norm.py as two Triton kernels, for a GPU: every number is read once and written once.

Plain PyTorch reads or writes as many numbers five times, since the norm, the residual connection before it, the cast
behind it and the sum of the gradients of both are passes of their own.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

TILE = 4096  # numbers of a program
WIDEST = 4096  # vectors
KINDS = (torch.float32, torch.bfloat16)


@triton.jit
def _norm(  # type: ignore[no-untyped-def]
    x, change, total, y, scale, rows, eps,
    ADDS: tl.constexpr, WIDTH: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """total = x + change, and y = total scale with scale = (mean(total^2) + eps)^-1/2; without ADDS total is x."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    column = tl.arange(0, BLOCK)
    place = row[:, None] * WIDTH + column[None, :]
    inside = (row < rows)[:, None] & (column < WIDTH)[None, :]
    here = tl.load(x + place, mask=inside, other=0.0).to(tl.float32)
    if ADDS:
        here += tl.load(change + place, mask=inside, other=0.0).to(tl.float32)
        tl.store(total + place, here, mask=inside)
    s = tl.rsqrt(tl.sum(here * here, axis=1) / WIDTH + eps)
    tl.store(y + place, (here * s[:, None]).to(y.dtype.element_ty), mask=inside)
    tl.store(scale + row, s, mask=row < rows)


@triton.jit
def _norm_backward(  # type: ignore[no-untyped-def]
    y, scale, grad_y, grad_total, grad_x, grad_change, rows,
    ADDS: tl.constexpr, CASTS: tl.constexpr, WIDTH: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """(g - y mean(g y)) scale, to which that of the total is added, in float32 and where it is another type in that."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    column = tl.arange(0, BLOCK)
    place = row[:, None] * WIDTH + column[None, :]
    inside = (row < rows)[:, None] & (column < WIDTH)[None, :]
    normed = tl.load(y + place, mask=inside, other=0.0).to(tl.float32)
    g = tl.load(grad_y + place, mask=inside, other=0.0).to(tl.float32)
    s = tl.load(scale + row, mask=row < rows, other=0.0)
    along = tl.sum(g * normed, axis=1) / WIDTH
    grad = (g - normed * along[:, None]) * s[:, None]
    if ADDS:
        grad += tl.load(grad_total + place, mask=inside, other=0.0)
    if CASTS:
        tl.store(grad_change + place, grad.to(grad_change.dtype.element_ty), mask=inside)
    tl.store(grad_x + place, grad, mask=inside)


def fits(x: Tensor, change: Tensor | None = None) -> bool:
    """Whether these kernels can normalise x, or its sum with a change."""
    same = change is None or (change.shape == x.shape and change.dtype in KINDS)
    return x.dtype == torch.float32 and x.shape[-1] <= WIDEST and same


def norm(x: Tensor, change: Tensor | None, eps: float, kind: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """The total in float32, its norm in the type asked for, both as x, (..., D), and the scales, (...)."""
    x = x.contiguous()
    total = x if change is None else torch.empty(x.shape, dtype=x.dtype, device=x.device)
    y = torch.empty(x.shape, dtype=kind, device=x.device)
    scale = torch.empty(x.shape[:-1], dtype=torch.float32, device=x.device)
    given = (x, None, None) if change is None else (x, change.contiguous(), total)
    _launch(_norm, y, (*given, y, scale), eps, ADDS=change is not None)
    return total, y, scale


def norm_backward(
    y: Tensor, scale: Tensor, grad: Tensor, grad_total: Tensor | None, change: torch.dtype | None
) -> tuple[Tensor, Tensor | None]:
    """The gradients of x and, given its type, of the change, from those of y and, where there is one, of the total."""
    grad_x = torch.empty(y.shape, dtype=torch.float32, device=y.device)
    casts = change not in (None, torch.float32)
    grad_change = torch.empty(y.shape, dtype=change, device=y.device) if casts else None
    beside = None if grad_total is None else grad_total.contiguous()
    given = (y, scale, grad.contiguous(), beside, grad_x, grad_change)
    _launch(_norm_backward, y, given, ADDS=beside is not None, CASTS=casts)
    return grad_x, grad_change if casts else None if change is None else grad_x


def _launch(kernel, y: Tensor, tensors: tuple[Tensor | None, ...], *numbers: float, **flags: bool) -> None:  # type: ignore[no-untyped-def]
    width = y.shape[-1]
    block = triton.next_power_of_2(width)
    rows, at_once = y.numel() // width, max(1, TILE // block)
    if rows:
        kernel[(triton.cdiv(rows, at_once),)](*tensors, rows, *numbers, **flags, WIDTH=width, ROWS=at_once, BLOCK=block)
