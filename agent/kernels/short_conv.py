"""The short causal convolution that stands before every linear-attention op, one filter a channel."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def short_convolution(x: Tensor, filters: Tensor) -> Tensor:
    """y_t = sum_i filters[..., W - 1 - i] x_{t-i}: x (R, B, L, C), filters (R, C, W), y (R, B, L, C).

    Equal to a depthwise causal convolution of each replica with its own filters.
    """
    if x.device.type == "cpu" and x.dtype == torch.float32:
        return _by_library(x, filters)
    y: Tensor = _ShiftedProducts.apply(x, filters)
    return y


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
