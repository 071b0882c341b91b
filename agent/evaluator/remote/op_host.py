"""The child that hosts a variant's op alone; agent/evaluator/jail/jail.py starts it with a FOLDER.

It reads FOLDER/job.json and FOLDER/variant.py, then answers calls of the op: q, k, v, beta and what the variant
declares come in, outputs, states and gradients go out. It sees no token, no label and no file of the network's.
"""

import os
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from agent.evaluator.contract.boundary import Called, call_op
from agent.evaluator.contract.calls import state_tensors
from agent.evaluator.contract.variant import Variant, load_variant
from agent.evaluator.fused_op import with_fused_op
from agent.evaluator.jail.confinement import confine
from agent.evaluator.jail.memory import keep_below_the_watchdog, keep_freed_memory
from agent.evaluator.job import Job
from agent.evaluator.protocol import Protocol
from agent.evaluator.remote.messages import receive, send
from agent.evaluator.training.tensor_cores import use_tensor_cores
from agent.evaluator.worker import diagnose


class OpHost:
    """An op and its calls that still wait for their gradients."""

    def __init__(self, variant: Variant, device: torch.device) -> None:
        self.variant = variant
        self.device = device
        self.calls: dict[int, Called] = {}

    def answer(self, facts: dict[str, Any], tensors: dict[str, Tensor]) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """A call forward, or the gradients of one that was made before."""
        for call in facts["forget"]:
            self.calls.pop(call, None)
        given = {name: tensor.to(self.device) for name, tensor in tensors.items()}
        if facts["do"] == "gradients":
            called = self.calls.pop(facts["call"])
            found = zip(called.leaves, called.gradients(given["cotangent"]), strict=True)
            return {}, {name: gradient for name, gradient in found if gradient is not None}
        carried = tuple(given.pop(f"state {part}") for part in range(facts["states"]))
        state = None if not carried else carried if facts["tuple"] else carried[0]
        called = call_op(self.variant.op, given, facts["chunk_size"], state)
        self.calls[facts["call"]] = called
        states = state_tensors(called.state)
        told = {"states": len(states), "tuple": isinstance(called.state, tuple)}
        return told, {"o": called.o} | {f"state {part}": tensor for part, tensor in enumerate(states)}


def serve(job: Job, requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer calls until there are no more, or one fails."""
    try:
        device = torch.device(job.device)
        keep_below_the_watchdog(device)
        variant = load_variant(job.variant)
        protocol = Protocol.from_json(job.protocol)
        # As it was trained.
        on_tensor_cores = use_tensor_cores(variant, protocol, device)
        host = OpHost(with_fused_op(variant, job.variant, protocol, device, on_tensor_cores).variant, device)
        while (message := receive(requests)) is not None:
            send(replies, *host.answer(*message))
    except BaseException as error:  # whatever the variant raised, the other side must hear of it
        traceback.print_exc()
        kind, reason = diagnose(error, job.variant)
        send(replies, {"failed": {"kind": kind, "reason": asdict(reason)}}, {})


def main() -> None:
    requests, replies = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    torch.set_num_threads(1)
    keep_freed_memory()
    job = Job.read(Path(sys.argv[1]))
    confine(job.folder, job.device, compiles=job.device != "cpu")  # from here on the variant's code may run
    serve(job, requests, replies)
