"""Whether an op's products in float32 go to a GPU's tensor cores, which round what they multiply to TF32.

They add up in float32 and are several times as fast. Most ops hardly notice; one whose gradient divides by small
numbers may lose it altogether (docs/gpu.md). So every op is asked, on the device where it is to be trained.
"""

import torch
from torch import Tensor

from agent.evaluator.contract.boundary import call_op
from agent.evaluator.contract.calls import sample_call
from agent.evaluator.contract.variant import Variant
from agent.evaluator.protocol import Protocol

# The kinds of device that have them.
WITH_TENSOR_CORES = {"cuda"}
# How far off the gradient of an op may be for it, as a part of its norm: bfloat16 costs the network about as much.
MOST_LOST = 1e-2
BATCH, CHUNKS = 4, 4  # of the call that is made to see


def use_tensor_cores(variant: Variant, protocol: Protocol, device: torch.device) -> bool:
    """Have float32 multiplied as TF32 from here on, if the gradient of the op stands it. The same in every process."""
    if device.type not in WITH_TENSOR_CORES:
        return False
    exact = _gradient(variant, protocol, device)
    torch.set_float32_matmul_precision("high")
    lost = (_gradient(variant, protocol, device) - exact).norm()
    if lost <= MOST_LOST * exact.norm():  # and not where one holds a NaN
        return True
    torch.set_float32_matmul_precision("highest")
    return False


def _gradient(variant: Variant, protocol: Protocol, device: torch.device) -> Tensor:
    """The gradient of the sum of o's squares by every argument, one behind the other."""
    call = sample_call(variant.declaration, protocol, BATCH, CHUNKS * protocol.chunk_size, device)
    called = call_op(variant.op, call.arguments(), protocol.chunk_size)
    gradients = called.gradients(2 * called.o.detach())
    return torch.cat([gradient.flatten() for gradient in gradients if gradient is not None] or [called.o.flatten()])
