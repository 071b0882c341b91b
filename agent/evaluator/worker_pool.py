"""Several workers at once: requests go out to whichever is free, and the first failure ends them all."""

import json
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from agent.core.failure import Failure, FailureKind
from agent.core.reason import Reason
from agent.evaluator.busy_line import busy_line
from agent.evaluator.failure import EvaluationFailed, read_reason
from agent.evaluator.gpus import gpus_of_workers, visible_gpus
from agent.evaluator.jail.jail import Child, Ending, confined
from agent.evaluator.pace import Pace, overdue_at
from agent.evaluator.progress import Update

SECONDS_TO_DIE = 10.0  # for a worker that says no more; what it had of a GPU is given back only then
EXCESSES: dict[str, tuple[FailureKind, Reason]] = {
    "disk": ("crash", Reason("failure.filled_disk")),
    "threads": ("crash", Reason("failure.started_threads")),
    "memory": ("out of memory", Reason("failure.filled_memory")),
    "GPU memory": ("out of memory", Reason("failure.filled_gpu")),
}

Request = dict[str, Any]


class WorkerPool:
    """Fresh confined workers on one folder, until `deadline` (time.monotonic), each on a GPU of its own on "cuda".

    With a `pace` they are ended too once that is hopeless. `answers` has what was answered by then, by place, and
    `seconds` how long each answer took.
    """

    def __init__(
        self, folder: Path, workers: int, deadline: float, device: str = "cpu", pace: Pace | None = None
    ) -> None:
        self.folder = folder
        self.pace = pace
        self.answers: dict[int, Request] = {}
        self.seconds: dict[int, float] = {}
        self.gpus = gpus_of_workers(device, workers)
        self.deadline = deadline
        self.failures: list[Failure] = []
        self.watching = threading.Lock()

    def run(
        self,
        requests: list[Request],
        watch: Callable[[Update], None],
        answered: Callable[[Request, Request], None] = lambda request, answer: None,
    ) -> list[Request]:
        """The answers to the requests, in their order. `watch` sees every update, `answered` every answer, in turn.

        Raises EvaluationFailed with the first failure. However this ends, no worker is left.
        """
        waiting: queue.SimpleQueue[tuple[int, Request]] = queue.SimpleQueue()
        for item in enumerate(requests):
            waiting.put(item)
        gpus = self.gpus[: len(requests)]
        with ThreadPoolExecutor(len(gpus)) as threads:
            try:
                works = [threads.submit(self._work, waiting, watch, answered, gpu) for gpu in gpus]
                wait(works)
            except BaseException:  # Ctrl-C: the threads hear of it here, and each takes its worker along
                self.failures.append(Failure("crash", Reason("failure.interrupted")))
                raise
        for work in works:
            work.result()
        if self.failures:
            raise EvaluationFailed(self.failures[0])
        return [self.answers[index] for index in range(len(requests))]

    def _work(
        self,
        waiting: "queue.SimpleQueue[tuple[int, Request]]",
        watch: Callable[[Update], None],
        answered: Callable[[Request, Request], None],
        gpu: str | None,
    ) -> None:
        """One worker's life."""
        try:
            with confined("agent.evaluator.worker", [str(self.folder)], self.folder, gpu) as child:
                while not self.failures:
                    index, request = waiting.get_nowait()
                    asked = time.monotonic()
                    answer = self._ask(child, request, watch)
                    if answer is not None:
                        self.answers[index], self.seconds[index] = answer, time.monotonic() - asked
                        with self.watching:
                            answered(request, answer)
        except queue.Empty:
            return
        except BaseException as error:  # of this program's own, or of `watch`: `run` raises it
            self.failures.append(Failure("crash", Reason.said(repr(error))))
            raise

    def _ask(self, child: Child, request: Request, watch: Callable[[Update], None]) -> Request | None:
        """Send a request and follow its progress to its answer; None once any worker has failed."""
        with suppress(BrokenPipeError):  # it died; what it said before that follows
            child.requests.write(json.dumps(request).encode() + b"\n")
        for line in child.lines(self._stopped):
            match _parse(line):
                case {"done": dict() as answer}:
                    return answer
                case {"failed": {"kind": str() as kind, "reason": reason}} if kind in get_args(FailureKind):
                    self.failures.append(Failure(kind, read_reason(reason), child.log_tail()))  # type: ignore[arg-type]
                    return None
                case message if update := Update.of(message):
                    with self.watching:
                        watch(update)
                    if self._hopeless(update):
                        break
        if not self.failures:
            late = self._stopped() or (self.pace is not None and self.pace.hopeless)
            self.failures.append(overdue(child, self.pace) if late else death(child))
        return None

    def _hopeless(self, update: Update) -> bool:
        """Whether a validation shows that there is no use in going on."""
        if self.pace is None:
            return False
        with self.watching:
            self.pace.add(update)
            return self.pace.hopeless

    def _stopped(self) -> bool:
        """Every thread looks here, and ends its worker when there is a failure anywhere."""
        return bool(self.failures) or time.monotonic() > self.deadline


def _parse(line: bytes) -> Request:
    """A message of the worker; what is not one is no reason to believe it or to stop."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def overdue(child: Child, pace: Pace | None = None) -> Failure:
    """Why a worker is ended for its time: how slow the training was, if it was one, and where the variant stands."""
    busy = busy_line(child)
    return Failure("timeout", pace.reason(busy.line) if pace else overdue_at(busy.line), busy.log)


def death(child: Child, ending: Ending | None = None) -> Failure:
    """Why a worker says no more; `ending` where that is known already."""
    ending = ending or child.ending(SECONDS_TO_DIE)
    if ending is None:
        return Failure("crash", Reason("failure.no_answer"), child.log_tail())
    if ending.excess is not None:
        return Failure(*EXCESSES[ending.excess], child.log_tail())
    if ending.code == -9:
        return Failure("out of memory", Reason("failure.killed"), child.log_tail())
    if ending.code < 0:
        return Failure("crash", Reason("failure.signal", {"signal": -ending.code}), child.log_tail())
    return Failure("crash", Reason("failure.exit_code", {"code": ending.code}), child.log_tail())


def worker_count(device: str) -> int:
    """One worker a core on a CPU, each with one thread: two threads on one small product wait more than they work.

    On "cuda" one for each GPU that may be used.
    """
    if device == "cuda":
        return max(1, len(visible_gpus()))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
