"""Root-mean-square normalisation without a gain, alone and behind a residual connection."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from agent.kernels.fused import Fused, fused

EPS = 1e-5


class _RmsNorm(torch.autograd.Function):
    """In as few passes over memory as autograd allows."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> Tensor:
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        scale = norm.square_().div_(x.shape[-1]).add_(eps).rsqrt_()
        y = x * scale
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        y, scale = ctx.saved_tensors
        along = (grad * y).mean(-1, keepdim=True)
        return torch.addcmul(grad, y, along, value=-1).mul_(scale), None


def rms_norm(x: Tensor, eps: float = EPS) -> Tensor:
    """x / sqrt(mean(x^2) + eps) over the last dimension (Zhang and Sennrich 2019, arXiv 1910.07467), no gain.

    On a GPU one pass each way. Under autocast the result is then of the type in which the next product multiplies, to
    which it would be cast in any case.
    """
    kernels = fused_norm(x.device).kernels if x.is_cuda else None
    if kernels is None or not kernels.fits(x):
        y: Tensor = _RmsNorm.apply(x, eps)
        return y
    y = FusedNorm.apply(x, eps, _kind_of_products(x), kernels)
    return y


def add_and_norm(x: Tensor, change: Tensor, eps: float = EPS) -> tuple[Tensor, Tensor]:
    """x + change, and `rms_norm` of that: (..., D) twice -> (..., D) twice. On a GPU one pass each way."""
    kernels = fused_norm(x.device).kernels if x.is_cuda else None
    if kernels is None or not kernels.fits(x, change):
        x = x + change
        return x, rms_norm(x, eps)
    total, y = FusedAddAndNorm.apply(x, change, eps, _kind_of_products(x), kernels)
    return total, y


def _kind_of_products(x: Tensor) -> torch.dtype:
    """The type to which autocast casts what is multiplied next."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


class FusedNorm(torch.autograd.Function):
    """The norm and its gradient, by a module of fused kernels. Kept are y, as the next product does, and the scales."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float, kind: torch.dtype, kernels: Any) -> Tensor:
        ctx.kernels = kernels
        _, y, scale = kernels.norm(x, None, eps, kind)
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.kernels.norm_backward(*ctx.saved_tensors, grad, None, None)[0], None, None, None


class FusedAddAndNorm(torch.autograd.Function):
    """The same of a sum, which goes on beside it."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, change: Tensor, eps: float, kind: torch.dtype, kernels: Any
    ) -> tuple[Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        ctx.kernels, ctx.change = kernels, change.dtype
        total, y, scale = kernels.norm(x, change, eps, kind)
        ctx.save_for_backward(y, scale)
        return total, y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_total: Tensor | None, grad: Tensor | None) -> tuple[Any, ...]:
        if grad is None:
            of_change = None if grad_total is None else grad_total.to(ctx.change)
            return grad_total, of_change, None, None, None
        of_x, of_change = ctx.kernels.norm_backward(*ctx.saved_tensors, grad, grad_total, ctx.change)
        return of_x, of_change, None, None, None


def fused_norm(device: torch.device) -> Fused:
    """The fused kernels where they say on a device what the plain path says."""
    return fused("norm_triton", _try_kernels, device)


def _try_kernels(kernels: Any, device: torch.device) -> None:
    chance = torch.Generator().manual_seed(0)
    x, change, grad, beside = (torch.randn(3, 70, 88, generator=chance).to(device) for _ in range(4))
    for kind, rounding in ((torch.float32, 1e-5), (torch.bfloat16, 2e-2)):
        parts = [x.clone().requires_grad_(), change.to(kind).float().requires_grad_()]
        total = parts[0] + parts[1]
        y = _RmsNorm.apply(total, EPS)
        expected = (total, y, *torch.autograd.grad((total, y), parts, (beside, grad.to(kind).float())))
        both, normed, scale = kernels.norm(x, change.to(kind), EPS, kind)
        found = (both, normed, *kernels.norm_backward(normed, scale, grad.to(kind), beside, kind))
        for ours, plain in zip(found, expected, strict=True):
            torch.testing.assert_close(ours.float(), plain, rtol=rounding, atol=rounding)
