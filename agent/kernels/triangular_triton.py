"""The inverse of agent/kernels/triangular.py as two Triton kernels, one program a matrix: for a GPU.

They compute in float32, whatever the type of what they read and write.
Plain PyTorch needs seven launches for it forward and backward, and reads and writes each matrix at each. Here a matrix
stays in registers from its first row to its last.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

LEAST_BLOCK, LARGEST_BLOCK = 16, 64  # a product of tiles needs 16 rows; above 64 a matrix leaves the registers
KINDS = (torch.float32, torch.bfloat16, torch.float16)


@triton.jit
def _substitute(strictly_lower, inverse, SIZE: tl.constexpr, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    """Forward substitution: row i of T is e_i - sum_{j<i} A_ij T_j."""
    matrix = tl.program_id(0).to(tl.int64) * SIZE * SIZE
    places = tl.arange(0, BLOCK)
    rows, columns = places[:, None], places[None, :]
    T = tl.where(rows == columns, 1.0, 0.0)
    for row in range(1, SIZE):
        a = tl.load(strictly_lower + matrix + row * SIZE + places, mask=places < row, other=0.0).to(tl.float32)
        T = tl.where(rows == row, T - tl.sum(a[:, None] * T, axis=0)[None, :], T)
    inside = (rows < SIZE) & (columns < SIZE)
    tl.store(inverse + matrix + rows * SIZE + columns, T, mask=inside)


@triton.jit
def _differentiate(inverse, grad, grad_lower, SIZE: tl.constexpr, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    """-T^T G T^T below the diagonal, zero elsewhere."""
    matrix = tl.program_id(0).to(tl.int64) * SIZE * SIZE
    places = tl.arange(0, BLOCK)
    rows, columns = places[:, None], places[None, :]
    inside = (rows < SIZE) & (columns < SIZE)
    transposed = tl.load(inverse + matrix + columns * SIZE + rows, mask=inside, other=0.0).to(tl.float32)
    G = tl.load(grad + matrix + rows * SIZE + columns, mask=inside, other=0.0).to(tl.float32)
    # The default precision of a product of float32 tiles is TF32, too coarse for an inverse.
    left = tl.dot(transposed, G, input_precision="ieee")
    product = tl.dot(left, transposed, input_precision="ieee")
    tl.store(grad_lower + matrix + rows * SIZE + columns, tl.where(rows > columns, -product, 0.0), mask=inside)


def fits(strictly_lower: Tensor) -> bool:
    """Whether these kernels can invert such matrices."""
    return strictly_lower.dtype in KINDS and strictly_lower.shape[-1] <= LARGEST_BLOCK


def invert(strictly_lower: Tensor) -> Tensor:
    """(..., C, C) -> (..., C, C), as `unit_lower_inverse` without its gradient."""
    inverse = torch.empty_like(strictly_lower, memory_format=torch.contiguous_format)
    _launch(_substitute, strictly_lower.contiguous(), inverse)
    return inverse


def invert_backward(inverse: Tensor, grad: Tensor) -> Tensor:
    """The gradient of `invert`'s input, from its output and the gradient of that."""
    grad_lower = torch.empty_like(inverse)
    _launch(_differentiate, inverse, grad.contiguous(), grad_lower)
    return grad_lower


def _launch(kernel, *matrices: Tensor) -> None:  # type: ignore[no-untyped-def]
    size = matrices[0].shape[-1]
    block = max(LEAST_BLOCK, triton.next_power_of_2(size))
    count = matrices[0].numel() // (size * size)
    if count:
        kernel[(count,)](*matrices, SIZE=size, BLOCK=block, num_warps=1 if block <= 32 else 4)
