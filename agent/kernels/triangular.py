"""The inverse of many small unit lower triangular matrices, which every chunkwise delta rule needs."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class _UnitLowerInverse(torch.autograd.Function):
    """One triangular solve forward; backward is two products, since d(T) = -T d(A) T."""

    @staticmethod
    def forward(ctx: Any, strictly_lower: Tensor) -> Tensor:
        size = strictly_lower.shape[-1]
        identity = torch.eye(size, dtype=strictly_lower.dtype, device=strictly_lower.device)
        inverse = torch.linalg.solve_triangular(
            strictly_lower, identity.expand_as(strictly_lower), upper=False, unitriangular=True
        )
        ctx.save_for_backward(inverse)
        return inverse

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (inverse,) = ctx.saved_tensors
        transposed = inverse.transpose(-1, -2)
        return -(transposed @ grad @ transposed).tril(-1)


def unit_lower_inverse(strictly_lower: Tensor) -> Tensor:
    """T = (I + A)^-1 for strictly lower triangular A: (..., C, C) -> (..., C, C), float32 or float64.

    What stands on or above the diagonal of A is not read, and no gradient flows to it.
    """
    inverse: Tensor = _UnitLowerInverse.apply(strictly_lower)
    return inverse
