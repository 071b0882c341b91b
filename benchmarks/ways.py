"""Ways of taking the gradient in a training's step other than operator by operator: compiled, captured, or both.

They are tried here before any of them may move into the trainer (docs/notebook.md). Each alters one training, whose
stack must then keep its replicas.
"""

from collections.abc import Callable, Container
from dataclasses import replace

import torch
from torch import Tensor

from agent.evaluator.contract.boundary import Op, State
from agent.evaluator.training.recording import RecordedGradient
from agent.evaluator.training.trainer import Training
from agent.kernels.choice import in_words


def eagerly(training: Training) -> None:
    """As it is: Python hands one operator after another to the device."""


def compiled(training: Training) -> None:
    """The network and its op, forward and backward, fused by torch.compile."""
    in_words(training.stack.rows.device)  # the trial of the kernels is not to be traced
    call_directly(training)
    training.stack.losses = torch.compile(training.stack.losses, dynamic=False)  # type: ignore[method-assign]


PIECE = 4  # chunks of what is compiled of an op


def op_compiled(training: Training) -> None:
    """The op alone, as a body of a few chunks that is called again and again with the state carried over.

    So what is compiled does not depend on the length, and is little. The boundary around the op stays.
    """
    network = training.stack.network
    in_words(training.stack.rows.device)  # the trial of the kernels is not to be traced
    body, size = torch.compile(network.variant.op, dynamic=False), PIECE * network.architecture.chunk_size
    network.variant = replace(network.variant, op=by_pieces(body, size, network.variant.declaration.parameters))


def by_pieces(body: Op, size: int, shared: Container[str]) -> Op:
    """An op that calls another for `size` tokens at a time; what is `shared` has no tokens."""

    def op(initial_state: State = None, chunk_size: int = 32, **arguments: Tensor) -> tuple[Tensor, State]:
        parts, state = [], initial_state
        for start in range(0, arguments["q"].shape[2], size):
            piece = {
                name: part if name in shared else part[:, :, start : start + size].contiguous()
                for name, part in arguments.items()
            }
            o, state = body(**piece, initial_state=state, chunk_size=chunk_size)
            parts.append(o)
        return torch.cat(parts, dim=2), state

    return op


def call_directly(training: Training) -> None:
    """Call the op without the boundary around it, through which torch.compile does not see."""
    network = training.stack.network
    op, chunk_size = network.variant.op, network.architecture.chunk_size
    network.outputs = lambda arguments: op(**arguments, chunk_size=chunk_size)[0]  # type: ignore[method-assign]


def captured(training: Training) -> None:
    """Forward and backward as one CUDA graph, launched at once; data and optimiser stay outside."""
    training.gradient = RecordedGradient(training.stack)


def compiled_and_captured(training: Training) -> None:
    """What is left of the launches after fusion, as one CUDA graph."""
    compiled(training)
    captured(training)


WAYS: dict[str, Callable[[Training], None]] = {
    "eager": eagerly,
    "compiled": compiled,
    "op compiled": op_compiled,
    "captured": captured,
    "both": compiled_and_captured,
}


def first_gradient(training: Training) -> Tensor:
    """The gradient of the first batch, once as everything is built and once more as it will be."""
    batch, asked = training.batches.take(0), training.batches.examples.asked
    training.gradient(batch, asked)
    return training.gradient(batch, asked)[1].clone()


def take(training: Training, steps: int) -> None:
    """Data, gradient and optimiser of some steps."""
    for _ in range(steps):
        training.step()
