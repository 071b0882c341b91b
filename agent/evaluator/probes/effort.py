"""How many floating-point operations a call takes, as far as torch's dispatcher sees them."""

from math import prod
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

SOLVERS = ("linalg_solve", "linalg_inv", "triangular_solve", "linalg_lu", "linalg_cholesky", "linalg_eig", "linalg_svd")
# Products, and the place among their tensors of the one whose last axis is summed over.
MULTIPLIED = {
    "aten::mm": 0, "aten::addmm": 1, "aten::bmm": 0, "aten::baddbmm": 1, "aten::mv": 0, "aten::addmv": 1
}  # fmt: skip


class Effort(TorchDispatchMode):
    """Counts the operations of a call: those of products, convolutions and solvers, else one for each output."""

    def __init__(self, counting: bool) -> None:
        super().__init__()
        self.counting = counting
        self.numbers = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Else torch imports its compiler when the first call is counted, which takes longer than all probes."""
        return False

    def __enter__(self) -> "Effort":
        return super().__enter__() if self.counting else self

    def __exit__(self, *error: Any) -> None:
        if self.counting:
            super().__exit__(*error)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        returned = func(*args, **(kwargs or {}))
        self.numbers += _operations(func, args, kwargs or {}, returned)
        return returned


def _operations(func: Any, args: Any, kwargs: Any, returned: Any) -> int:
    """Of one operator: two for each number that is multiplied and added, else one for each that comes out."""
    name, given = func.name().partition(".")[0], _tensors(args)
    numbers = sum(part.numel() for part in _tensors(returned))
    if name == "aten::addbmm":
        return 2 * given[1].numel() * given[2].shape[-1]
    if name in MULTIPLIED:
        return numbers * 2 * given[MULTIPLIED[name]].shape[-1]
    if "scaled_dot_product" in name and len(given) > 2:
        q, k, v = given[:3]
        return 2 * prod(q.shape[:-1]) * k.shape[-2] * (q.shape[-1] + v.shape[-1])
    if name in ("aten::dot", "aten::vdot"):
        return 2 * given[0].numel()
    if name == "aten::_cdist_forward":
        return numbers * 3 * given[0].shape[-1]
    if name == "aten::_trilinear":
        return 3 * given[0].numel() * given[1].numel() // given[0].shape[-1]
    if any(solver in name for solver in SOLVERS):
        return numbers * 2 * given[0].shape[-1]
    if (counted := flop_registry.get(getattr(func, "overloadpacket", None))) is not None:
        return int(counted(*args, **kwargs, out_val=returned))
    return numbers


def _tensors(values: Any) -> list[Tensor]:
    values = values if isinstance(values, tuple | list) else (values,)
    return [value for value in values if isinstance(value, Tensor)]
