"""The short causal convolution that stands before every linear-attention op, one filter a channel."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from agent.kernels.fused import Fused, fused


def short_convolution(x: Tensor, filters: Tensor) -> Tensor:
    """y_t = sum_i filters[..., W - 1 - i] x_{t-i}: x (R, B, L, C), filters (R, C, W), y (R, B, L, C).

    Equal to a depthwise causal convolution of each replica with its own filters.
    """
    if x.device.type == "cpu" and x.dtype == torch.float32:
        return _by_library(x, filters)
    y: Tensor = _ShiftedProducts.apply(x, filters)
    return y


def silu_convolution(x: Tensor, filters: Tensor) -> Tensor:
    """SiLU of `short_convolution`, as it stands before every op: on a GPU in one pass forward and one backward."""
    kernels = fused_convolution(x.device).kernels if x.is_cuda else None
    if kernels is None or not kernels.fits(x, filters):
        return F.silu(short_convolution(x, filters))
    y: Tensor = SiluConvolution.apply(x, filters, kernels)
    return y


def convolved_parts(projected: Tensor, filters: Tensor, sizes: Sequence[int]) -> tuple[Tensor, ...]:
    """q, k and v, which are `silu_convolution` of the first channels, and the parts behind them as they are.

    projected: (R, B, L, sum of sizes), of which the first size is three times the width. The gradient of all is written
    once where a GPU has the kernels, and those of q, k and v, if they lie side by side, are read where they are.
    """
    kernels = fused_convolution(projected.device).kernels if projected.is_cuda else None
    if kernels is None or not kernels.fits(projected, filters):
        qkv, *rest = projected.split(list(sizes), dim=-1)
        return *silu_convolution(qkv, filters).split(sizes[0] // 3, dim=-1), *rest
    parts: tuple[Tensor, ...] = ConvolvedParts.apply(projected, filters, tuple(sizes), kernels)
    return parts


def side_by_side(parts: Sequence[Tensor]) -> Tensor:
    """(..., W) each -> (..., n W): the memory in which they lie next to each other, or else a copy."""
    first, width = parts[0], parts[0].shape[-1]
    whole = (*first.shape[:-1], len(parts) * width)
    strides = torch.empty(whole, device="meta").stride()
    for place, part in enumerate(parts):
        same = part.untyped_storage()._cdata == first.untyped_storage()._cdata
        if not same or part.stride() != strides or part.storage_offset() != first.storage_offset() + place * width:
            return torch.cat(list(parts), dim=-1)
    return first.as_strided(whole, strides)


def _by_library(x: Tensor, filters: Tensor) -> Tensor:
    """One depthwise convolution a replica, channels last as x already is: the fastest way on a CPU."""
    width = filters.shape[-1]
    padded = F.pad(x, (0, 0, width - 1, 0)).transpose(-1, -2).unsqueeze(-2)  # (R, B, C, 1, L + W - 1), a view
    return torch.stack(
        [
            F.conv2d(rows, weights[:, None, None, :], groups=len(weights)).squeeze(-2).transpose(-1, -2)
            for rows, weights in zip(padded, filters, strict=True)
        ]
    )


class _ShiftedProducts(torch.autograd.Function):
    """Sums of shifted products, accumulated in place: no padded copy, no transposed layout."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, filters: Tensor) -> Tensor:
        ctx.save_for_backward(x, filters)
        taps = _taps(filters)
        y = x * taps[0]
        for shift, tap in enumerate(taps[1:], start=1):
            y[:, :, shift:].addcmul_(x[:, :, :-shift], tap)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, filters = ctx.saved_tensors
        taps = _taps(filters)
        grad_x = grad * taps[0]
        grad_taps = [(grad * x).sum((1, 2))]
        for shift, tap in enumerate(taps[1:], start=1):
            grad_x[:, :, :-shift].addcmul_(grad[:, :, shift:], tap)
            grad_taps.append((grad[:, :, shift:] * x[:, :, :-shift]).sum((1, 2)))
        return grad_x, torch.stack(grad_taps[::-1], dim=-1)


def _taps(filters: Tensor) -> list[Tensor]:
    """(R, C, W) -> W tensors (R, 1, 1, C), the present token's first."""
    return [tap[:, None, None, :] for tap in filters.unbind(-1)[::-1]]


class SiluConvolution(torch.autograd.Function):
    """Both and their gradient, by a module of fused kernels. Of the forward pass nothing is kept but its inputs."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, filters: Tensor, kernels: Any) -> Tensor:
        ctx.kernels = kernels
        ctx.save_for_backward(x, filters)
        y: Tensor = kernels.convolve(x, filters)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        grad_x, grad_filters = ctx.kernels.convolve_backward(*ctx.saved_tensors, grad)
        return grad_x, grad_filters, None


class ConvolvedParts(torch.autograd.Function):
    """The same of a part of what a product gave, together with what lies behind that part."""

    @staticmethod
    def forward(ctx: Any, projected: Tensor, filters: Tensor, sizes: tuple[int, ...], kernels: Any) -> tuple[Any, ...]:
        ctx.sizes, ctx.kernels = sizes, kernels
        ctx.save_for_backward(projected, filters)
        qkv, *rest = projected.split(list(sizes), dim=-1)
        return *kernels.convolve(qkv, filters).split(sizes[0] // 3, dim=-1), *rest

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        projected, filters = ctx.saved_tensors
        convolved, *rest = ctx.sizes
        x, grad = projected[..., :convolved], side_by_side(grads[:3])
        grad_projected, grad_filters = ctx.kernels.convolve_backward(x, filters, grad, room=sum(rest))
        for place, part in zip(grad_projected[..., convolved:].split(rest, dim=-1), grads[3:], strict=True):
            place.copy_(part)
        return grad_projected, grad_filters, None, None


def fused_convolution(device: torch.device) -> Fused:
    """The fused kernels where they say on a device what the plain path says, of a part of a wider tensor too."""
    return fused("short_conv_triton", _try_kernels, device)


def _try_kernels(kernels: Any, device: torch.device) -> None:
    chance = torch.Generator().manual_seed(0)
    wide, filters, grad = (
        torch.randn(shape, generator=chance).to(device) for shape in ((2, 3, 70, 50), (2, 40, 4), (2, 3, 70, 40))
    )
    for kind, rounding in ((torch.float32, 1e-4), (torch.bfloat16, 1e-2)):
        x = wide.to(kind)[..., :40]
        exact, weights = x.float().requires_grad_(), filters.clone().requires_grad_()
        y = F.silu(_ShiftedProducts.apply(exact, weights))
        expected = (y, *torch.autograd.grad(y, (exact, weights), grad))
        grad_x, grad_filters = kernels.convolve_backward(x, filters, grad, room=3)
        found = (kernels.convolve(x, filters), grad_x[..., :40], grad_filters)
        for ours, plain, tolerance in zip(found, expected, (1e-4, rounding, 1e-4), strict=True):
            torch.testing.assert_close(ours.float(), plain, rtol=tolerance, atol=10 * tolerance)
