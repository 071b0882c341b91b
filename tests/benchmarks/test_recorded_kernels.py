"""A kernel that is counted is told what it touches, and runs where it is to run."""

from types import SimpleNamespace

import torch

from benchmarks.ledger import REST, Count, Scopes
from benchmarks.recorded_kernels import RecordedKernel

tl = SimpleNamespace(load=None, store=None)


def _scaled(x, y, number):
    tl.store(x, tl.load(x) * number + tl.load(y))


class Kernel:
    __name__, fn, arg_names = "_scaled", staticmethod(_scaled), ["x", "y", "number"]

    def __init__(self):
        self.launched = []

    def __getitem__(self, grid):
        return lambda *given, **sizes: self.launched.append((grid, given, sizes))


def test_what_is_read_and_written_counts_twice_and_only_a_kernel_that_runs_is_launched():
    x, y = torch.zeros(4), torch.zeros(2, 3)
    for runs in (False, True):
        kernel = Kernel()
        with Count(Scopes()) as count:
            RecordedKernel(kernel, runs)[(7,)](x, y, 3, SIZE=4)
        assert (count.launches[REST], count.bytes[REST]) == (1, 4 * (2 * 4 + 6))
        assert kernel.launched == ([((7,), (x, y, 3), {"SIZE": 4})] if runs else [])
