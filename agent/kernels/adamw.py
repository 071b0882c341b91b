"""A step of AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) on rows of weights, each with its own rate."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from agent.kernels.fused import Fused, fused

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


def adamw_step(
    rows: Tensor, grad: Tensor, mean: Tensor, square: Tensor, decay: Tensor | None,
    rate: Tensor, corrected: Tensor, value: float, root: Tensor | float,
) -> None:  # fmt: skip
    """Move rows, mean and square, (R, P) each, in place by their gradient, which is scratch; on a GPU in one pass.

    decay: (R, P), or None for none; rate, (R, 1), is what it is multiplied by. `corrected`, (R, 1), times `value` is
    minus the rate over 1 - BETA1^t, and `root`, (R, 1) or one number for all, the root of 1 - BETA2^t.
    """
    kernels = fused_adamw(rows.device).kernels if rows.is_cuda else None
    if kernels is not None and kernels.fits(rows, grad, mean, square, decay):
        kernels.step(rows, grad, mean, square, decay, rate, corrected, value, root)
    else:
        plain_adamw_step(rows, grad, mean, square, decay, rate, corrected, value, root)


def plain_adamw_step(
    rows: Tensor, grad: Tensor, mean: Tensor, square: Tensor, decay: Tensor | None,
    rate: Tensor, corrected: Tensor, value: float, root: Tensor | float,
) -> None:  # fmt: skip
    """The same in plain PyTorch."""
    mean.lerp_(grad, 1 - BETA1)
    square.mul_(BETA2).addcmul_(grad, grad, value=1 - BETA2)
    denominator = torch.sqrt(square, out=grad).div_(root).add_(EPS)
    if decay is not None:
        rows.mul_(1 - rate * decay)
    rows.addcmul_(torch.div(mean, denominator, out=grad), corrected, value=value)


def fused_adamw(device: torch.device) -> Fused:
    """The fused kernel where it says on a device what the plain path says."""
    return fused("adamw_triton", _try_kernels, device)


def _try_kernels(kernels: Any, device: torch.device) -> None:
    chance = torch.Generator().manual_seed(0)
    rows, grad, mean, square, decay = (torch.randn(2, 1500, generator=chance).to(device) for _ in range(5))
    rate, corrected, own = (torch.rand(2, 1, generator=chance).add(0.1).to(device) for _ in range(3))
    for some_decay, root in ((None, 0.5), (decay, own)):
        ours, plain = ([part.clone() for part in (rows, grad, mean, square.abs())] for _ in range(2))
        moves: tuple[Callable[..., None], ...] = (kernels.step, plain_adamw_step)
        for move, moved in zip(moves, (ours, plain), strict=True):
            move(*moved, some_decay, rate, corrected, -1.5, root)
        for found, expected in zip((ours[0], *ours[2:]), (plain[0], *plain[2:]), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
