"""What a variant takes: parameters, the state of a sequence, and floating-point operations a token.

Parameters follow from the declaration alone. State and operations are measured in a confined worker: the tensors of the
state come back as raw bytes; the count of operations is the worker's account, read as a number in a range.
"""

from dataclasses import dataclass, replace

from agent.evaluator.contract.declaration import Declaration
from agent.evaluator.probes.op_under_test import OpUnderTest, recording_variant
from agent.evaluator.training.network import FILTER, Architecture, Network
from agent.evaluator.training.stack import architecture

SECONDS = 60.0  # for a measurement: most take less than one
CHUNKS = 8  # of the sequence whose operations are counted


@dataclass(frozen=True)
class Means:
    """`parameters` of the whole network, `state_size` numbers and `state_bytes` of one sequence's state, all heads
    together, and `flops`: operations a token of the forward pass through all layers, without embedding and output."""

    parameters: int
    state_size: int
    state_bytes: int
    flops: float


def measure_means(op: OpUnderTest) -> Means:
    """Make a call of one sequence and one of a batch as in training, in a fresh worker, and count.

    What is larger counts: a variant may be small alone.
    """
    length = CHUNKS * op.chunk
    one = replace(op.random_call(length, 11, batch=1), effort=True)
    alone, among = op.run([one, replace(one, copies=op.crowd(one))])
    effort = max(alone.effort, among.effort / op.crowd(one))
    state = max((alone.state, among.state), key=lambda parts: sum(part[0].numel() for part in parts))
    sizes = architecture([next(op.protocol.replicas())], op.protocol)
    return Means(
        parameters=Network(sizes, recording_variant(op.declaration)).layout.size,
        state_size=sum(part[0].numel() for part in state),
        state_bytes=sum(part[0].numel() * part.element_size() for part in state),
        flops=layer_flops(sizes, op.declaration) + sizes.pairs * effort / length,
    )


def layer_flops(sizes: Architecture, declared: Declaration) -> float:
    """Operations a token of everything around the ops: two for each weight that multiplies a number."""
    widths = {"head": sizes.heads, "key": sizes.width, "value": sizes.width}
    projected = 3 * sizes.width + sizes.heads + sum(widths[kind] for kind in declared.inputs.values())
    mixer = projected * sizes.width + 3 * sizes.width * FILTER + sizes.width * sizes.width
    swiglu = 3 * sizes.width * sizes.inner
    return 2.0 * sizes.pairs * (mixer + swiglu)
