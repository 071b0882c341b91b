"""The child that runs a variant's code; agent/evaluator/jail/jail.py starts it with a FOLDER.

It reads FOLDER/job.json and FOLDER/variant.py, then answers one request a line on its standard input with lines on its
standard output: progress, and at last "done" or "failed". It never sees a test nor what is predicted on one: training
leaves weights in FOLDER, and agent/evaluator/remote/ predicts, where nothing of the variant runs but its op.
"""

import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

import torch
from safetensors.torch import save_file
from torch import Tensor

from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.failure import Failure, FailureKind
from agent.core.reason import Reason
from agent.evaluator.contract.calls import check_contract, needs_equal_widths, state_size, unused_arguments
from agent.evaluator.contract.signature import signature
from agent.evaluator.contract.stays import check_device
from agent.evaluator.contract.variant import Variant, VariantRefused, WrongShape, load_variant
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.fused_op import Chosen, with_fused_op
from agent.evaluator.jail.confinement import confine
from agent.evaluator.jail.memory import keep_below_the_watchdog, keep_freed_memory
from agent.evaluator.job import Job
from agent.evaluator.probes.audit import IN_TRAINING, SecretAudits
from agent.evaluator.probes.probe_calls import run_calls
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.speed import measure_speed
from agent.evaluator.text.windows import WrittenText
from agent.evaluator.training.early_steps import digest, steps_told_of
from agent.evaluator.training.recording import record_on_cuda
from agent.evaluator.training.room import replicas_at_once
from agent.evaluator.training.stack import stacks
from agent.evaluator.training.tensor_cores import use_tensor_cores
from agent.evaluator.training.trainer import Progress, Trainee, Training, fits, train
from agent.kernels.choice import in_words

# Words that stand together in what torch, CUDA and its libraries say when memory runs out.
OF_MEMORY = (("memory", "alloc"), ("out of memory",), ("alloc_failed",), ("cudacachingallocator",))

# What torch says where float32 meets float64.
OF_TYPES = re.compile(r"found (double|float)|same dtype|float != double|double != float", re.IGNORECASE)

# What torch says where an op writes into an argument, which asks for gradients, and where it overwrote what it kept.
OF_ARGUMENTS = "leaf Variable that requires grad is being used in an in-place operation"
OF_OVERWRITING = "modified by an inplace operation"


class Worker:
    """A loaded variant, ready to describe itself, to be called and to train."""

    def __init__(self, job: Job, variant: Variant) -> None:
        self.job = job
        self.variant = variant
        self.protocol = Protocol.from_json(job.protocol)
        self.device = torch.device(job.device)
        self.stacks = stacks(self.protocol, self.device.type)
        keep_below_the_watchdog(self.device)
        self.on_tensor_cores = use_tensor_cores(variant, self.protocol, self.device)
        self.recorder = record_on_cuda if job.recorded and self.device.type == "cuda" else None

    def describe(self, reply: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """The speed of the op, once it has kept the contract on this device."""
        check_contract(self.variant, self.protocol, self.device)
        return {
            "equal_widths": needs_equal_widths(self.variant, self.protocol, self.device),
            "speed": asdict(measure_speed(self.variant, self.protocol, self.device)),
            "device": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu",
            "kernels": self._kernels() if self.device.type == "cuda" else None,
        }

    @cached_property
    def trained(self) -> Chosen:
        """The variant as it trains. Its kernels take a while to compile, and not every worker trains."""
        return with_fused_op(self.variant, self.job.variant, self.protocol, self.device, self.on_tensor_cores)

    def _kernels(self) -> str:
        """What computes here, in words."""
        products = f"products of the op in {'TF32' if self.on_tensor_cores else 'float32'}"
        words = [in_words(self.device), products, f"the op {self.trained.words}"]
        return "; ".join([*words, *([self._recording()] if self.recorder else [])])

    def _recording(self) -> str:
        """Whether steps can be recorded here, by a trial of the smallest stack's."""
        replica = self.stacks[-1][0]
        trial = Training([replica], self.trained.variant, self.protocol, self.device, recorder=self.recorder)
        trial.step()
        trouble = trial.recorded.trouble if trial.recorded else None
        return f"steps not recorded ({trouble})" if trouble else "steps recorded"

    def check(self, reply: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """What the op computes, if it keeps the contract, on other devices than this one too."""
        check_contract(self.variant, self.protocol, self.device)
        check_device(self.variant, self.protocol)
        return {
            "signature": signature(self.variant),
            "state_size": state_size(self.variant, self.protocol, self.device),
            "unused": unused_arguments(self.variant, self.protocol, self.device),
        }

    def call(self, forms: list[dict[str, Any]], fill: bool, reply: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Make the calls in the folder; with `fill`, in memory that is full of NaN before it is written."""
        if fill:
            # torch.use_deterministic_algorithms does the same, and imports a compiler on the way.
            torch._C._set_deterministic_algorithms(True, warn_only=True)
        return {"told": run_calls(self.variant, forms, self.job.calls, self.job.results)}

    def train(self, stack: int, reply: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Train a stack, leave its weights in the folder and answer with the curves."""

        def report(progress: Progress) -> None:
            facts = {"key": progress.replica.key, "point": asdict(progress.point), "ending": progress.ending}
            reply({"progress": facts})

        replicas, early = self.stacks[stack], list[str]()

        def tell_early_steps(taken: int, rows: Tensor) -> None:
            if taken <= steps_told_of(replicas):
                early.append(digest(rows))

        trainees = self._trained(replicas, report, tell_early_steps)
        save_file(
            {name: torch.stack([getattr(trainee, name) for trainee in trainees]).cpu() for name in ("best", "last")},
            self.job.weights(stack),
        )
        return {
            "trainees": [
                {"ending": trainee.ending, "curve": [asdict(point) for point in trainee.curve]} for trainee in trainees
            ],
            "early": early,
        }

    def _trained(
        self,
        replicas: list[Replica],
        report: Callable[[Progress], None],
        after_step: Callable[[int, Tensor], None],
    ) -> list[Trainee]:
        """Train a stack. Where memory is too small for a single replica, EvaluationFailed says whose fault that is."""
        audit = SecretAudits(self.variant.declaration, self.protocol.chunk_size, IN_TRAINING)
        try:
            at_once = replicas_at_once(replicas, self.device)
            how = (report, audit, after_step, at_once, self.recorder, WrittenText(self.job.folder))
            return train(replicas, self.trained.variant, self.protocol, self.device, *how)
        except torch.OutOfMemoryError as error:
            failure = Failure(*diagnose(error, self.job.variant))
        # Only here is what the variant held given back.
        largest = max(replicas, key=lambda replica: replica.setting.vocab)
        if not fits(largest, load_variant(baseline_path(TEMPLATE)), self.protocol, self.device):
            failure = Failure("out of memory", Reason("failure.gpu_too_small", {"setting": largest.setting.label}))
        raise EvaluationFailed(failure)


def serve(job: Job, requests: TextIO, replies: TextIO) -> None:
    """Answer requests until there are no more, or one fails."""

    def reply(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message) + "\n")
        replies.flush()

    try:
        worker = Worker(job, load_variant(job.variant))
        for line in requests:
            request = json.loads(line)
            answer = getattr(worker, request.pop("do"))(**request, reply=reply)
            reply({"done": answer})
    except BaseException as error:  # whatever the variant raised, the parent must hear of it
        traceback.print_exc()
        kind, reason = diagnose(error, job.variant)
        reply({"failed": {"kind": kind, "reason": asdict(reason)}})


def diagnose(error: BaseException, variant: Path) -> tuple[FailureKind, Reason]:
    """The kind of a failure, and a reason that names the variant's line where there is one."""
    match error:
        case VariantRefused(reason=reason):
            return "refused", reason.having(file=variant.name) if "file" in reason.fields else reason
        case WrongShape(reason=reason):
            return "wrong shape", reason
        case EvaluationFailed(failure=failure):
            return failure.kind, failure.reason
    message = str(error).strip()
    first = message.splitlines()[0] if message else type(error).__name__
    match error:
        case MemoryError() | torch.OutOfMemoryError():
            return "out of memory", _raised(error, first, variant)
        case RuntimeError() if any(all(word in message.lower() for word in words) for words in OF_MEMORY):
            return "out of memory", _raised(error, first, variant)
        case RuntimeError() if OF_OVERWRITING in message:
            return "refused", Reason("failure.overwrites")
        case RuntimeError() if OF_ARGUMENTS in message and (line := _line_of(error, variant)):
            return "refused", Reason("failure.changes_inputs_at_line", {"line": line})
    return "crash", _raised(error, f"{type(error).__name__}: {first}", variant)


def _raised(error: BaseException, words: str, variant: Path) -> Reason:
    """What an error says, and at which line of the variant it was raised, if at one."""
    line = _line_of(error, variant)
    if not line:
        return Reason.said(words)
    of_types = isinstance(error, RuntimeError) and OF_TYPES.search(str(error))
    return Reason("failure.other_type" if of_types else "failure.raised_at_line", {"error": words, "line": line})


def _line_of(error: BaseException, variant: Path) -> int | None:
    """The innermost line of the variant that an error was raised at; None where no line of it was running."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(variant)]
    return lines[-1] if lines else None


def main() -> None:
    # The pipes to the parent are kept apart from what the variant may print, which goes to the log, or try to read.
    requests, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    torch.set_num_threads(1)  # on a CPU there is a worker for each core; on a GPU the host's products are small
    keep_freed_memory()
    job = Job.read(Path(sys.argv[1]))
    confine(job.folder, job.device, compiles=job.device != "cpu")  # from here on the variant's code may run
    serve(job, requests, replies)
