"""The child that runs trained networks without the variant; agent/evaluator/jail/jail.py starts it with a FOLDER.

The weights and the inputs are in FOLDER, and the op is at the other end of its standard pipes. It predicts, with audits
hidden among the calls, and takes early steps of training again. What it finds it leaves in FOLDER.
"""

import json
import os
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from agent.core.reason import Reason
from agent.evaluator.contract.boundary import Op
from agent.evaluator.contract.variant import Variant, VariantRefused, WrongShape, read_declaration
from agent.evaluator.failure import EvaluationFailed, doubting
from agent.evaluator.jail.confinement import confine
from agent.evaluator.jail.memory import keep_below_the_watchdog, keep_freed_memory
from agent.evaluator.job import Job
from agent.evaluator.probes.audit import IN_PREDICTION, SecretAudits
from agent.evaluator.protocol import Protocol
from agent.evaluator.remote.messages import Broken
from agent.evaluator.remote.remote_op import HostFailed, RemoteOp
from agent.evaluator.text.windows import WrittenText
from agent.evaluator.training.early_steps import digests_of_steps
from agent.evaluator.training.stack import Stack, stacks

LOST = "lost"  # said where the process of the op is gone


class Predictor:
    """Networks whose op is elsewhere."""

    def __init__(self, job: Job, op: Op) -> None:
        self.job = job
        self.op = op
        self.variant = Variant(op, read_declaration(job.variant))
        self.protocol = Protocol.from_json(job.protocol)
        self.device = torch.device(job.device)
        self.stacks = stacks(self.protocol, self.device.type)
        keep_below_the_watchdog(self.device)

    def predict(self, stack: int, times: int, pairs: int = 0) -> dict[str, Any]:
        """Predict every position of the inputs in the folder, int32.

        By the best weights and by the last; on sequences that differ from those of training, in several `times` the
        length or in the number of `pairs`, by the best alone. Where targets are there too, which of text are the next
        inputs, the loss of the best weights at each of them is left as well.
        """
        weights, request = self._weights(stack), load_file(self.job.inputs(stack, times, pairs))
        chosen, inputs = request["chosen"], request["inputs"].to(self.device)
        targets = request["targets"].to(self.device) if "targets" in request else None
        best, losses = self._predict(stack, weights["best"], chosen, inputs, targets)
        predictions = [best]
        if times == 1 and not pairs:
            by_last = predictions[0].clone()
            # A replica that was still getting better at its end has its last weights for its best: most of them do.
            moved = (weights["best"] != weights["last"]).any(1)[chosen]
            if moved.any():
                by_last[moved], _ = self._predict(stack, weights["last"], chosen[moved], inputs[moved.to(self.device)])
            predictions.append(by_last)
        if losses is not None:
            self.job.losses(stack, times, pairs).write_bytes(losses.numpy().tobytes())
        self.job.predictions(stack, times, pairs).write_bytes(torch.stack(predictions).numpy().tobytes())
        return {}

    def _weights(self, stack: int) -> dict[str, Tensor]:
        """What training left. EvaluationFailed where that is not the weights of such networks."""
        size = Stack(self.stacks[stack], self.variant, self.protocol, self.device).rows.shape
        with doubting():
            weights = load_file(self.job.weights(stack))
            if any(weights[name].shape != size or weights[name].dtype != torch.float32 for name in ("best", "last")):
                raise ValueError("the weights are not those of its networks")
        return weights

    def replay(self, stack: int, steps: int) -> dict[str, Any]:
        """Take the first steps of a training again, and say what the weights are after each."""
        text = WrittenText(self.job.folder)
        return {"digests": digests_of_steps(self.stacks[stack], self.variant, self.protocol, self.device, steps, text)}

    def _predict(
        self, stack: int, rows: Tensor, chosen: Tensor, inputs: Tensor, targets: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """(R, N, T) inputs -> (R, N, T) int32, by the `chosen` of a stack's rows, and the float32 losses of targets.

        Where a weight stands in a row depends on all that the stack holds, also on those that are not chosen.
        """
        audit = SecretAudits(self.variant.declaration, self.protocol.chunk_size, IN_PREDICTION)
        whole = Stack(self.stacks[stack], self.variant, self.protocol, self.device, rows, audit)
        predictions = torch.empty(inputs.shape, dtype=torch.int32)
        losses = None if targets is None else torch.empty(inputs.shape)
        for part, logits in whole.read(inputs.long(), chosen.to(self.device)):
            predictions[:, part] = logits.argmax(-1)
            if targets is not None and losses is not None:
                wanted = targets[:, part].long()
                each = F.cross_entropy(logits.flatten(0, 2), wanted.flatten(), reduction="none")
                losses[:, part] = each.view(wanted.shape).cpu()
        return predictions, losses


def carry_out(job: Job, requests: IO[bytes], replies: IO[bytes]) -> dict[str, Any]:
    """Answers to all that is asked in the folder, or why there are none."""
    try:
        predictor = Predictor(job, RemoteOp(requests, replies))
        asked = json.loads(job.requests.read_text())
        return {"done": [getattr(predictor, request.pop("do"))(**request) for request in asked]}
    except HostFailed as failure:
        return {"failed": failure.account}
    except Broken as broken:
        traceback.print_exc()
        return {LOST: str(broken)}
    except EvaluationFailed as failed:
        return _failed(failed.failure.kind, failed.failure.reason)
    except VariantRefused as refused:
        return _failed("refused", refused.reason)
    except WrongShape as wrong:
        return _failed("wrong shape", wrong.reason)


def _failed(kind: str, reason: Reason) -> dict[str, Any]:
    return {"failed": {"kind": kind, "reason": asdict(reason)}}


def main() -> None:
    # The pipes lead to the process of the op; what torch may print goes to the log.
    replies, requests = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    torch.set_num_threads(1)  # as in training
    keep_freed_memory()
    job = Job.read(Path(sys.argv[1]))
    confine(job.folder, job.device, compiles=job.device != "cpu")
    job.answers.write_text(json.dumps(carry_out(job, requests, replies)))
