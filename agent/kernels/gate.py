"""The gate of a SwiGLU (Shazeer 2020, arXiv 2002.05202), which stands between its two products."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from agent.kernels.fused import Fused, fused


def silu_gate(x: Tensor) -> Tensor:
    """SiLU of the first half of the channels times the second: (..., 2 I) -> (..., I). On a GPU one pass each way."""
    kernels = fused_gate(x.device).kernels if x.is_cuda else None
    if kernels is None or not kernels.fits(x):
        return _plain(x)
    y: Tensor = SiluGate.apply(x, kernels)
    return y


def _plain(x: Tensor) -> Tensor:
    gate, value = x.chunk(2, dim=-1)
    return F.silu(gate) * value


class SiluGate(torch.autograd.Function):
    """The gate and its gradient, by a module of fused kernels. Of the forward pass nothing is kept but its input."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Any) -> Tensor:
        ctx.kernels = kernels
        ctx.save_for_backward(x)
        y: Tensor = kernels.gate(x)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return ctx.kernels.gate_backward(x, grad), None


def fused_gate(device: torch.device) -> Fused:
    """The fused kernels where they say on a device what the plain path says."""
    return fused("gate_triton", _try_kernels, device)


def _try_kernels(kernels: Any, device: torch.device) -> None:
    chance = torch.Generator().manual_seed(0)
    x, grad = (torch.randn(shape, generator=chance).to(device) for shape in ((2, 3, 70, 88), (2, 3, 70, 44)))
    for kind, rounding in ((torch.float32, 1e-5), (torch.bfloat16, 1e-2)):
        exact = x.to(kind).float().requires_grad_()
        y = _plain(exact)
        (expected,) = torch.autograd.grad(y, exact, grad.to(kind).float())
        found = kernels.gate(x.to(kind)), kernels.gate_backward(x.to(kind), grad.to(kind))
        for ours, plain in zip(found, (y, expected), strict=True):
            torch.testing.assert_close(ours.float(), plain, rtol=rounding, atol=rounding)
