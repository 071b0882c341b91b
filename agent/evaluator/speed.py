"""How fast an op is beside the baseline's, in one process and on the same inputs."""

import statistics
import time
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from agent.core.baselines import baseline_path
from agent.core.score import Speed
from agent.evaluator.contract.boundary import call_op
from agent.evaluator.contract.calls import Call, sample_call
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.training.room import rows_at_once
from agent.evaluator.training.stack import stacks

ROUNDS = 7
BY_THE_LARGEST = {"cuda"}  # the kinds of device on which an op is timed in the stack that has the most work


def measure_speed(variant: Variant, protocol: Protocol, device: torch.device) -> Speed:
    """Tokens a second, forward and backward: the median of rounds in which the two ops take turns.

    The batch and the length are those of a stack that is trained: an op that is quick at the size at which it is timed
    must be as quick where it learns. On a CPU it is the smallest one. A GPU is idle in that, and its launches are all
    that would be timed; so there it is the stack that trains on the most tokens.
    """
    groups = stacks(protocol, device.type)
    if device.type in BY_THE_LARGEST:
        rows, length = rows_at_once(groups[0], device), groups[0][0].setting.input_length
    else:
        rows, length = min(map(_shape, groups), key=prod)
    baseline = load_variant(baseline_path("delta_net_4layer"))
    times: dict[str, list[float]] = {"op": [], "baseline": []}
    for round_ in range(ROUNDS + 2):
        for name, timed in (("op", variant), ("baseline", baseline)):
            seconds = _seconds(timed, protocol, device, rows, length)
            if round_ >= 2:  # the first rounds warm up
                times[name].append(seconds)
    tokens = rows * length
    return Speed(tokens / statistics.median(times["op"]), tokens / statistics.median(times["baseline"]))


def _shape(stack: Sequence[Replica]) -> tuple[int, int]:
    """The rows of a batch that a stack hands to its op, and their length."""
    return sum(replica.batch for replica in stack), stack[0].setting.input_length


def _seconds(variant: Variant, protocol: Protocol, device: torch.device, rows: int, length: int) -> float:
    call = sample_call(variant.declaration, protocol, rows, length, device)
    wait_for(device)
    start = time.perf_counter()
    called = call_op(variant.op, call.arguments(), protocol.chunk_size)
    called.gradients(torch.ones(called.o.shape, device=device))
    wait_for(device)
    return time.perf_counter() - start


def differentiate(op: Callable[..., tuple[Tensor, Any]], call: Call, **options: Any) -> None:
    """Forward, and backward from ones, of an op by itself, without what the network puts around it."""
    o, _ = op(*call.positional, **call.learned, **options)
    # Written out, as in training: the gradient of a sum is one number seen as many, on which products are slow.
    torch.autograd.grad(o, call.tensors(), torch.ones(o.shape, device=o.device), allow_unused=True)


def wait_for(device: torch.device) -> None:
    """Until a device has done all that it was given: only then does a clock say anything."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
