"""A step that is recorded once and replayed: a GPU then launches hundreds of kernels at one word of the host.

Off unless asked for, since no GPU has run it. A recording reads its batch and writes its result always in the same
place, and is of one number of replicas; so a stack keeps to a few sizes, and the rows that are left over idle.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from agent.core.errors import kind_and_reason
from agent.evaluator.contract.variant import VariantRefused, WrongShape
from agent.evaluator.tasks.task import Examples
from agent.evaluator.training.stack import Stack

SIZES = (16, 8, 4, 2, 1)  # of a stack whose step is recorded
WARM_UPS = 3  # before a recording, so that whatever is built or chosen at a first call is there
SAME = 1e-2  # how far apart, relatively, a replay and the same step as it was recorded may be

Result = tuple[Tensor, Tensor]  # the losses of a batch, and the gradient
# Has something done while it is recorded: what it returned, and what does it again, into the same place.
Recorder = Callable[[Callable[[], Result]], tuple[Result, Callable[[], None]]]


def record_on_cuda(take: Callable[[], Result]) -> tuple[Result, Callable[[], None]]:
    """As a CUDA graph. What waits for the device, or looks at numbers on the way, cannot be recorded and raises."""
    aside = torch.cuda.Stream()  # the default stream may not be recorded, nor wait for what was warmed up on it
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UPS):
            take()
    torch.cuda.current_stream().wait_stream(aside)
    recording = torch.cuda.CUDAGraph()
    with torch.cuda.graph(recording):
        result = take()
    return result, recording.replay


class RecordedGradient:
    """Takes the place of a stack's `gradient`.

    The weights are read where they lie, so an optimiser may go on moving them there, and another replica may begin in a
    row. Where the stack has other rows, or other positions are asked, it is recorded anew. A step in which the audit
    wants to see a call is taken as without any recording, and the replay must say the same. `trouble` tells why
    nothing is recorded any more, if that is so.
    """

    def __init__(self, stack: Stack, recorder: Recorder = record_on_cuda) -> None:
        self.stack = stack
        self.gradient = stack.gradient
        self.recorder = recorder
        self.trouble: str | None = None
        self.recorded: tuple[Tensor, slice, int] | None = None  # of which rows, positions and parts of a batch
        self.batch = Examples(torch.empty(0), torch.empty(0))
        self.result: Result
        self.replay: Callable[[], None]

    def __call__(self, batch: Examples, asked: slice) -> Result:
        audit, calls = self.stack.network.audit, self.stack.network.architecture.pairs * self.stack.parts
        if self.trouble is not None:
            return self.gradient(batch, asked)
        if not self._is_recorded(asked):
            return self._record(batch, asked)
        if audit is not None and not audit.passes(calls):
            return self._compared(batch, self.gradient(batch, asked))
        return self._replayed(batch)

    def _replayed(self, batch: Examples) -> Result:
        self.batch.inputs.copy_(batch.inputs)
        self.batch.targets.copy_(batch.targets)
        self.replay()
        return self.result

    def _is_recorded(self, asked: slice) -> bool:
        if self.recorded is None:
            return False
        rows, positions, parts = self.recorded
        return rows is self.stack.rows and positions == asked and parts == self.stack.parts

    def _record(self, batch: Examples, asked: slice) -> Result:
        """Take the step, and record it for those that follow."""
        taken = self.gradient(batch, asked)
        self.recorded = None
        self.batch = Examples(batch.inputs.clone(), batch.targets.clone())
        audit, self.stack.network.audit = self.stack.network.audit, None  # it looks at numbers on the way
        try:
            self.result, self.replay = self.recorder(lambda: self.gradient(self.batch, asked))
        except (VariantRefused, WrongShape, torch.OutOfMemoryError):
            raise
        except Exception as error:  # a driver or an op may fail to be recorded in any way, which costs speed alone
            self.trouble = kind_and_reason(error)
            return taken
        finally:
            self.stack.network.audit = audit
        self.recorded = self.stack.rows, asked, self.stack.parts
        return self._compared(batch, taken)

    def _compared(self, batch: Examples, taken: Result) -> Result:
        """What was taken without a recording, which must not have said anything else."""
        _, replayed = self._replayed(batch)
        apart, size = (replayed - taken[1]).norm(), taken[1].norm()
        if not apart <= SAME * size:  # nor where one holds a NaN, as that of a training that diverges
            self.trouble = f"a replay is {float(apart / size):.1e} off"
        return taken
