"""Ways of taking the gradient in a training's step other than operator by operator: compiled, captured, or both.

They are tried here before any of them may move into the trainer (docs/notebook.md). Each alters one training, whose
stack must then keep its replicas.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from agent.evaluator.tasks.task import Examples
from agent.evaluator.training.trainer import Training
from agent.kernels.choice import in_words

WARM_UPS = 3  # before a capture, so that whatever is built or chosen at a first call is there


def eagerly(training: Training) -> None:
    """As it is: Python hands one operator after another to the device."""


def compiled(training: Training) -> None:
    """The network and its op, forward and backward, fused by torch.compile."""
    in_words(training.stack.rows.device)  # the trial of the kernels is not to be traced
    call_directly(training)
    training.stack.losses = torch.compile(training.stack.losses, dynamic=False)  # type: ignore[method-assign]


def call_directly(training: Training) -> None:
    """Call the op without the boundary around it, through which torch.compile does not see."""
    network = training.stack.network
    op, chunk_size = network.variant.op, network.architecture.chunk_size
    network.outputs = lambda arguments: op(**arguments, chunk_size=chunk_size)[0]  # type: ignore[method-assign]


def captured(training: Training) -> None:
    """Forward and backward as one CUDA graph, launched at once; data and optimiser stay outside."""
    training.stack.gradient = Capture(training)  # type: ignore[method-assign]


def compiled_and_captured(training: Training) -> None:
    """What is left of the launches after fusion, as one CUDA graph."""
    compiled(training)
    captured(training)


WAYS: dict[str, Callable[[Training], None]] = {
    "eager": eagerly,
    "compiled": compiled,
    "captured": captured,
    "both": compiled_and_captured,
}


def first_gradient(training: Training) -> Tensor:
    """The gradient of the first batch, once as everything is built and once more as it will be."""
    batch, asked = training.batches.take(0), training.batches.examples.asked
    training.stack.gradient(batch, asked)
    return training.stack.gradient(batch, asked)[1].clone()


def take(training: Training, steps: int) -> None:
    """Data, gradient and optimiser of some steps."""
    for _ in range(steps):
        training.step()


class Capture:
    """The gradient of a stack as a recording, which reads its batch and writes its result always in the same place.

    The weights are read where they lie, so the optimiser may go on moving them there.
    """

    def __init__(self, training: Training) -> None:
        self.gradient = training.stack.gradient
        self.recording: torch.cuda.CUDAGraph | None = None

    def __call__(self, batch: Examples, asked: slice) -> tuple[Tensor, Tensor]:
        if self.recording is None:
            self._record(batch, asked)
        assert self.recording is not None
        self.batch.inputs.copy_(batch.inputs)
        self.batch.targets.copy_(batch.targets)
        self.recording.replay()
        return self.result

    def _record(self, batch: Examples, asked: slice) -> None:
        self.batch = Examples(batch.inputs.clone(), batch.targets.clone())
        aside = torch.cuda.Stream()  # the default stream may not be recorded, nor wait for what was warmed up on it
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                self.gradient(self.batch, asked)
        torch.cuda.current_stream().wait_stream(aside)
        recording = torch.cuda.CUDAGraph()
        with torch.cuda.graph(recording):
            self.result = self.gradient(self.batch, asked)
        self.recording = recording
