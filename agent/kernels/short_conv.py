"""The short causal convolution that stands before every linear-attention op, one filter a channel."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class _ShortConvolution(torch.autograd.Function):
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


def short_convolution(x: Tensor, filters: Tensor) -> Tensor:
    """y_t = sum_i filters[..., W - 1 - i] x_{t-i}: x (R, B, L, C), filters (R, C, W), y (R, B, L, C); L >= W."""
    y: Tensor = _ShortConvolution.apply(x, filters)
    return y
