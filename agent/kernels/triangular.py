"""The inverse of many small unit lower triangular matrices, which every chunkwise delta rule needs."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from agent.kernels.fused import Fused, fused


class UnitLowerInverse(torch.autograd.Function):
    """The inverse and its gradient, by the module of fused kernels where one is given, else in plain PyTorch."""

    @staticmethod
    def forward(ctx: Any, strictly_lower: Tensor, kernels: Any) -> Tensor:
        ctx.kernels = kernels
        inverse: Tensor = (kernels.invert if kernels else invert)(strictly_lower)
        ctx.save_for_backward(inverse)
        return inverse

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (inverse,) = ctx.saved_tensors
        return (ctx.kernels.invert_backward if ctx.kernels else invert_backward)(inverse, grad), None


def unit_lower_inverse(strictly_lower: Tensor) -> Tensor:
    """T = (I + A)^-1 for strictly lower triangular A: (..., C, C) -> (..., C, C), of A's own type.

    It is computed in float32 where A is narrower, and rounded to A's type at the end, so that nothing wide is kept.
    What stands on or above the diagonal of A is not read, and no gradient flows to it.
    """
    kernels = fused_inverse(strictly_lower.device).kernels if strictly_lower.is_cuda else None
    if kernels is not None and not kernels.fits(strictly_lower):
        kernels = None
    inverse: Tensor = UnitLowerInverse.apply(strictly_lower, kernels)
    return inverse


def invert(strictly_lower: Tensor) -> Tensor:
    """One triangular solve."""
    size, wide = strictly_lower.shape[-1], at_least_float32(strictly_lower)
    identity = torch.eye(size, dtype=wide.dtype, device=wide.device)
    inverse = torch.linalg.solve_triangular(wide, identity.expand_as(wide), upper=False, unitriangular=True)
    return inverse.to(strictly_lower.dtype)


def invert_backward(inverse: Tensor, grad: Tensor) -> Tensor:
    """Two products, since d(T) = -T d(A) T."""
    transposed = at_least_float32(inverse).transpose(-1, -2)
    gradient = -(transposed @ at_least_float32(grad) @ transposed).tril(-1)
    return gradient.to(inverse.dtype)


def at_least_float32(x: Tensor) -> Tensor:
    """The same numbers, in float32 where their type has fewer digits."""
    return x if x.dtype in (torch.float32, torch.float64) else x.float()


def fused_inverse(device: torch.device) -> Fused:
    """The fused kernels where they say on a device what the plain path says."""
    return fused("triangular_triton", _try_kernels, device)


def _try_kernels(kernels: Any, device: torch.device) -> None:
    chance = torch.Generator().manual_seed(0)
    lower, grad = (torch.rand(4, 32, 32, generator=chance).sub(0.5).to(device) for _ in range(2))
    inverse = kernels.invert(lower)
    torch.testing.assert_close(inverse, invert(lower), rtol=1e-4, atol=1e-4)
    gradient = kernels.invert_backward(inverse, grad)
    torch.testing.assert_close(gradient, invert_backward(inverse, grad), rtol=1e-4, atol=1e-3)
