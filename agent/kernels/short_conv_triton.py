"""The short convolution and SiLU of agent/kernels/short_conv.py as two Triton kernels, for a GPU.

Plain PyTorch reads or writes the whole of x 43 times for it, forward and backward; these do so five times. A program
has a tile of times and channels of one sequence. What lies around the tile is read by its neighbours too, from a cache,
as is what the backward pass needs of the convolution: nothing but x is kept for it.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

TIMES, SPAN = 16, 128  # of a tile: wide, as numbers that lie side by side are read together
KINDS = (torch.float32, torch.bfloat16)


@triton.jit
def _convolved(  # type: ignore[no-untyped-def]
    x, weights, times, channels, row, length,
    CHANNELS: tl.constexpr, WIDTH: tl.constexpr, TIMES: tl.constexpr, SPAN: tl.constexpr,
):  # fmt: skip
    """z_t = sum_i filters[W - 1 - i] x_{t-i} of a tile, zero outside of the sequence."""
    z = tl.zeros((TIMES, SPAN), tl.float32)
    for shift in tl.static_range(WIDTH):
        source = times - shift
        inside = ((source >= 0) & (times < length))[:, None] & (channels < CHANNELS)[None, :]
        there = tl.load(x + source[:, None] * row + channels[None, :], mask=inside, other=0.0).to(tl.float32)
        tap = tl.load(weights + channels * WIDTH + (WIDTH - 1 - shift), mask=channels < CHANNELS, other=0.0)
        z += there * tap[None, :]
    return z


@triton.jit
def _forward(  # type: ignore[no-untyped-def]
    x, filters, y, sequences, row, length,
    CHANNELS: tl.constexpr, WIDTH: tl.constexpr, TIMES: tl.constexpr, SPAN: tl.constexpr,
):  # fmt: skip
    """y = z sigmoid(z). `sequences` are those of a replica, `row` is how far apart times lie in x."""
    sequence = tl.program_id(0).to(tl.int64)
    times = tl.program_id(1) * TIMES + tl.arange(0, TIMES)
    channels = tl.program_id(2) * SPAN + tl.arange(0, SPAN)
    weights = filters + sequence // sequences * CHANNELS * WIDTH
    z = _convolved(x + sequence * length * row, weights, times, channels, row, length, CHANNELS, WIDTH, TIMES, SPAN)
    places = y + sequence * length * CHANNELS + times[:, None] * CHANNELS + channels[None, :]
    tl.store(places, z * tl.sigmoid(z), mask=(times < length)[:, None] & (channels < CHANNELS)[None, :])


@triton.jit
def _backward(  # type: ignore[no-untyped-def]
    x, filters, grad_y, grad_x, grad_taps, sequences, row, length, grad_row,
    CHANNELS: tl.constexpr, WIDTH: tl.constexpr, TIMES: tl.constexpr, SPAN: tl.constexpr,
):  # fmt: skip
    """grad_x_t = sum_i filters[W - 1 - i] g_{t+i}, where g is the gradient of z, and what a tile adds to the taps'."""
    sequence = tl.program_id(0).to(tl.int64)
    tile, tiles = tl.program_id(1), tl.num_programs(1)
    times = tile * TIMES + tl.arange(0, TIMES)
    channels = tl.program_id(2) * SPAN + tl.arange(0, SPAN)
    known = channels < CHANNELS
    weights = filters + sequence // sequences * CHANNELS * WIDTH
    x += sequence * length * row
    grad_y += sequence * length * CHANNELS
    grad_x += sequence * length * grad_row
    grad_taps += (sequence * tiles + tile) * CHANNELS * WIDTH
    whole = (times < length)[:, None] & known[None, :]
    here = tl.load(x + times[:, None] * row + channels[None, :], mask=whole, other=0.0).to(tl.float32)
    gathered = tl.zeros((TIMES, SPAN), tl.float32)
    for shift in tl.static_range(WIDTH):
        later = times + shift
        inside = (later < length)[:, None] & known[None, :]
        z = _convolved(x, weights, later, channels, row, length, CHANNELS, WIDTH, TIMES, SPAN)
        s = tl.sigmoid(z)
        grad = tl.load(grad_y + later[:, None] * CHANNELS + channels[None, :], mask=inside, other=0.0)
        g = grad * s * (1.0 + z * (1.0 - s))
        tap = tl.load(weights + channels * WIDTH + (WIDTH - 1 - shift), mask=known, other=0.0)
        gathered += g * tap[None, :]
        # By symmetry the same g, seen from the earlier time, is what this tap adds: sum_t g_{t+i} x_t.
        tl.store(grad_taps + channels * WIDTH + (WIDTH - 1 - shift), tl.sum(g * here, axis=0), mask=known)
    places = grad_x + times[:, None] * grad_row + channels[None, :]
    tl.store(places, gathered.to(grad_x.dtype.element_ty), mask=whole)


def fits(x: Tensor, filters: Tensor) -> bool:
    """Whether these kernels can convolve x with the filters."""
    return x.dtype in KINDS and filters.dtype == torch.float32


def convolve(x: Tensor, filters: Tensor) -> Tensor:
    """silu(short_convolution(x, filters)): x (R, B, L, C), filters (R, C, W), y (R, B, L, C) in float32."""
    x = _in_rows(x)
    y = torch.empty(x.shape, dtype=torch.float32, device=x.device)
    _launch(_forward, x, filters, y)
    return y


def convolve_backward(x: Tensor, filters: Tensor, grad: Tensor, room: int = 0) -> tuple[Tensor, Tensor]:
    """The gradients of `convolve`'s inputs from that of its output. The taps' are summed in a fixed order.

    That of x has so much `room` behind its channels: (R, B, L, C + room), of which the last are not written.
    """
    x = _in_rows(x)
    grad_x = torch.empty(*x.shape[:3], x.shape[3] + room, dtype=x.dtype, device=x.device)
    tiles = x.shape[1] * triton.cdiv(x.shape[2], TIMES)
    grad_taps = torch.empty(len(x), tiles, *filters.shape[1:], device=x.device)
    _launch(_backward, x, filters, grad.contiguous(), grad_x, grad_taps, more=(grad_x.shape[3],))
    return grad_x, grad_taps.sum(1)


def _in_rows(x: Tensor) -> Tensor:
    """x itself where its times lie evenly apart, as in a part of a wider tensor's channels; else a copy of it."""
    _, batch, length, _ = x.shape
    row = x.stride(2)
    if x.stride() == (batch * length * row, length * row, row, 1):
        return x
    return x.clone(
        memory_format=torch.contiguous_format
    )  # `contiguous` may keep the stride of what there is but one of


def _launch(kernel, x: Tensor, filters: Tensor, *others: Tensor, more: tuple[int, ...] = ()) -> None:  # type: ignore[no-untyped-def]
    replicas, batch, length, channels = x.shape
    grid = (replicas * batch, triton.cdiv(length, TIMES), triton.cdiv(channels, SPAN))
    sizes = {"CHANNELS": channels, "WIDTH": filters.shape[-1], "TIMES": TIMES, "SPAN": SPAN}
    if x.numel():
        kernel[grid](x, filters.contiguous(), *others, batch, x.stride(2), length, *more, **sizes)
