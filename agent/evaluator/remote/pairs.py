"""Pairs of processes, as the parent sees them: one runs networks and never the variant, the other the op alone.

The two speak with each other by two pipes; the parent waits for what the first leaves in its folder.
"""

import json
import os
import shutil
import stat
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

from agent.core.failure import Failure, FailureKind
from agent.core.reason import Reason
from agent.evaluator.failure import EvaluationFailed, doubting, read_reason
from agent.evaluator.gpus import gpus_of_workers
from agent.evaluator.jail.exchange import leave, take
from agent.evaluator.jail.jail import Child, Ending, confined_pair, scratch
from agent.evaluator.job import Job
from agent.evaluator.kernel_cache import hand_out_kernels
from agent.evaluator.worker_pool import death, overdue

LARGEST_ACCOUNT = 1 << 20  # bytes
LOOK_UP = 0.2  # seconds between two looks at the clock

Request = dict[str, Any]


def carry_out(
    requests: Sequence[Request],
    job: Job,
    variant: Path,
    pairs: int,
    deadline: float,
    into: Path,
    given: Sequence[Path] = (),
) -> list[Request]:
    """The answers to the requests, in their order, by so many pairs at once. What is predicted is left `into` a folder.

    `job` is the folder of training: weights and inputs are taken from there. `given` are files of this program's own
    that the networks need beside them. Raises EvaluationFailed with the first failure; however this ends, no process
    is left.
    """
    shares = [list(range(first, len(requests), pairs)) for first in range(min(pairs, len(requests)))]

    def work(share: list[int], gpu: str | None) -> list[Request]:
        return _work([requests[index] for index in share], job, variant, deadline, into, given, gpu)

    answers: dict[int, Request] = {}
    with ThreadPoolExecutor(max(1, len(shares))) as threads:
        for share, found in zip(
            shares, threads.map(work, shares, gpus_of_workers(job.device, len(shares))), strict=True
        ):
            answers |= dict(zip(share, found, strict=True))
    return [answers[index] for index in range(len(requests))]


def _work(
    requests: list[Request],
    job: Job,
    variant: Path,
    deadline: float,
    into: Path,
    given: Sequence[Path],
    gpu: str | None,
) -> list[Request]:
    with scratch() as mine, scratch() as theirs:
        network, op = (Job(folder, job.protocol, job.device) for folder in (mine, theirs))
        for each in (network, op):
            each.write(variant)
            hand_out_kernels(each.folder, each.device)
        tests = (request for request in requests if request["do"] == "predict")
        predicted = [(test["stack"], test["times"], test.get("pairs", 0)) for test in tests]
        with doubting():
            for stack in dict.fromkeys(stack for stack, *_ in predicted):
                _copy(job.weights(stack), network.weights(stack))
            for test in predicted:
                _copy(job.inputs(*test), network.inputs(*test))
        for file in given:
            shutil.copyfile(file, network.folder / file.name)
        leave(network.requests, json.dumps(requests).encode())
        with confined_pair(
            "agent.evaluator.remote.predictor", network.folder, "agent.evaluator.remote.op_host", op.folder, gpu
        ) as (
            predictor,
            host,
        ):
            while (ended := predictor.ending(LOOK_UP)) is None:
                if time.monotonic() > deadline:
                    raise EvaluationFailed(overdue(host))
            answers = _read(network, predictor, ended, host)
        for test in predicted:
            shutil.move(network.predictions(*test), into)
            if network.losses(*test).exists():
                shutil.move(network.losses(*test), into)
    return answers


def _copy(source: Path, target: Path) -> None:
    """A plain file, whatever its size. Raises OSError where there is none, ValueError for anything else."""
    handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"{source.name} is no plain file")
        with target.open("xb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)


def _read(network: Job, predictor: Child, ended: Ending, host: Child) -> list[Request]:
    """What the predictor found; the failure of the op where it told of one, or of its process where that is gone."""
    try:
        said = json.loads(take(network.answers, LARGEST_ACCOUNT))
    except (OSError, ValueError) as error:
        raise EvaluationFailed(death(predictor, ended)) from error
    match said:
        case {"done": list() as answers}:
            return answers
        case {"failed": {"kind": str() as kind, "reason": reason}} if kind in get_args(FailureKind):
            raise EvaluationFailed(Failure(kind, read_reason(reason), host.log_tail()))  # type: ignore[arg-type]
        case {"lost": str()}:
            raise EvaluationFailed(death(host))
    raise EvaluationFailed(Failure("crash", Reason("failure.garbled", {"error": repr(said)[:200]}), host.log_tail()))
