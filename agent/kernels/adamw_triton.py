"""The step of agent/kernels/adamw.py as one Triton kernel, for a GPU: each number is read once and written once.

Plain PyTorch takes eight launches for it and reads or writes as many numbers three times.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from agent.kernels import adamw

BLOCK = 1024  # weights of a program


@triton.jit
def _step(  # type: ignore[no-untyped-def]
    rows, grad, mean, square, decay, rate, corrected, roots, size, value, root,
    BETA1: tl.constexpr, BETA2: tl.constexpr, EPS: tl.constexpr,
    DECAYS: tl.constexpr, OWN_ROOTS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Some weights of one row."""
    row = tl.program_id(1)
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < size
    at = row.to(tl.int64) * size + place
    g = tl.load(grad + at, mask=inside, other=0.0)
    m = tl.load(mean + at, mask=inside, other=0.0)
    s = tl.load(square + at, mask=inside, other=0.0)
    w = tl.load(rows + at, mask=inside, other=0.0)
    m += (g - m) * (1.0 - BETA1)
    s = s * BETA2 + g * g * (1.0 - BETA2)
    correction = tl.load(roots + row) if OWN_ROOTS else root
    denominator = tl.sqrt(s) / correction + EPS
    if DECAYS:
        w *= 1.0 - tl.load(rate + row) * tl.load(decay + at, mask=inside, other=0.0)
    w += value * tl.load(corrected + row) * (m / denominator)
    tl.store(mean + at, m, mask=inside)
    tl.store(square + at, s, mask=inside)
    tl.store(rows + at, w, mask=inside)


def fits(*tensors: Tensor | None) -> bool:
    """Whether the kernel can move such rows by such numbers."""
    return all(part is None or (part.dtype == torch.float32 and part.is_contiguous()) for part in tensors)


def step(
    rows: Tensor, grad: Tensor, mean: Tensor, square: Tensor, decay: Tensor | None,
    rate: Tensor, corrected: Tensor, value: float, root: Tensor | float,
) -> None:  # fmt: skip
    """As `adamw_step`; the gradient stays as it is."""
    replicas, size = rows.shape
    own = isinstance(root, Tensor)
    numbers = (rate, corrected.contiguous(), root if own else None, size, value, 1.0 if own else root)
    if rows.numel():
        _step[(triton.cdiv(size, BLOCK), replicas)](
            rows, grad, mean, square, decay, *numbers, BETA1=adamw.BETA1, BETA2=adamw.BETA2, EPS=adamw.EPS,
            DECAYS=decay is not None, OWN_ROOTS=own, BLOCK=BLOCK,
        )  # fmt: skip
