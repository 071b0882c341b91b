"""A recorder on a CPU: it keeps every operator that runs while something is recorded, and runs the same ones again.

As a CUDA graph it knows no Python: what the host decided or computed while it was recorded stays as it was, and what is
read and written lies where it lay.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal")


def _bare(value):
    """A tensor's memory, without what autograd knows of it."""
    return value.detach() if isinstance(value, torch.Tensor) else value


class _Tape(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.calls = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func._schema.name.partition("::")[2] in WAITING:
            raise RuntimeError("operation not permitted when stream is capturing")
        result = func(*args, **(kwargs or {}))
        returned = [each.alias_info for each in func._schema.returns]
        if not any(alias is not None and not alias.is_write for alias in returned):  # a view is where it was
            self.calls.append((func, *tree_map(_bare, (args, kwargs or {}, result))))
        return result

    def replay(self):
        for func, args, kwargs, result in self.calls:
            again = func(*args, **kwargs)
            for place, fresh in zip(tree_leaves(result), tree_leaves(again), strict=True):
                if isinstance(place, torch.Tensor) and place.data_ptr() != fresh.data_ptr():
                    place.copy_(fresh)


class TapeRecorder:
    """Records as `record_on_cuda` does; `tapes` are all that it made."""

    def __init__(self):
        self.tapes = []

    def __call__(self, take):
        take()  # a warm-up
        with _Tape() as tape:
            result = take()
        self.tapes.append(tape)
        return result, tape.replay
