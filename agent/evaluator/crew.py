"""Several workers at once: requests go out to whichever is free, and the first failure ends them all."""

import json
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from agent.evaluator.exam import EvaluationFailed
from agent.evaluator.jail import Child, confined
from agent.evaluator.progress import Update
from agent.record import Failure

Request = dict[str, Any]


class Crew:
    """Fresh confined workers on one folder, until `deadline` (time.monotonic)."""

    def __init__(self, folder: Path, workers: int, deadline: float) -> None:
        self.folder = folder
        self.workers = workers
        self.deadline = deadline
        self.failure: Failure | None = None
        self.children: list[Child] = []
        self.lock = threading.Lock()

    def run(self, requests: list[Request], watch: Callable[[Update], None]) -> list[Request]:
        """The answers to the requests, in their order. `watch` sees every update, one at a time.

        Raises EvaluationFailed with the first failure; by then no worker is left.
        """
        waiting: queue.SimpleQueue[tuple[int, Request]] = queue.SimpleQueue()
        for item in enumerate(requests):
            waiting.put(item)
        answers: dict[int, Request] = {}
        workers = min(self.workers, len(requests))
        watchdog = threading.Timer(max(0.0, self.deadline - time.monotonic()), self._time_out)
        watchdog.start()
        try:
            with ThreadPoolExecutor(workers) as pool:
                for work in [pool.submit(self._work, waiting, answers, watch) for _ in range(workers)]:
                    work.result()
        except BaseException:
            self._fail(Failure("crash", "interrupted"))
            raise
        finally:
            watchdog.cancel()
        if self.failure:
            raise EvaluationFailed(self.failure)
        return [answers[index] for index in range(len(requests))]

    def _work(
        self,
        waiting: "queue.SimpleQueue[tuple[int, Request]]",
        answers: dict[int, Request],
        watch: Callable[[Update], None],
    ) -> None:
        """One worker's life."""
        with confined("agent.evaluator.worker", [str(self.folder)], self.folder) as child:
            with self.lock:
                self.children.append(child)
            while self.failure is None:
                try:
                    index, request = waiting.get_nowait()
                except queue.Empty:
                    return
                answer = self._ask(child, request, watch)
                if answer is None:
                    return
                answers[index] = answer

    def _ask(self, child: Child, request: Request, watch: Callable[[Update], None]) -> Request | None:
        """Send a request and follow its progress to its answer; None once the crew has failed."""
        try:
            child.requests.write(json.dumps(request).encode() + b"\n")
            child.requests.flush()
        except BrokenPipeError:
            pass  # it died; what it said before that follows
        for line in child.replies:
            message = _parse(line)
            if "done" in message:
                return dict(message["done"])
            if "failed" in message:
                self._fail(Failure(message["failed"]["kind"], message["failed"]["reason"], child.log_tail()))
                return None
            update = Update.of(message)
            if update is not None:
                with self.lock:
                    watch(update)
        self._fail(_death(child))
        return None

    def _time_out(self) -> None:
        self._fail(Failure("timeout", "the evaluation took longer than its protocol allows and was stopped"))

    def _fail(self, failure: Failure) -> None:
        """The first failure counts; then every worker is stopped, so that no thread waits for one."""
        with self.lock:
            self.failure = self.failure or failure
            children = list(self.children)
        for child in children:
            child.process.kill()


def _parse(line: bytes) -> Request:
    """A message of the worker; what is not one is no reason to believe it or to stop."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _death(child: Child) -> Failure:
    """Why a worker's pipe closed without an answer."""
    code = child.process.wait()
    if code == -9:
        return Failure("out of memory", "the system killed the worker, most likely for its memory", child.log_tail())
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return Failure("crash", f"the worker ended without an answer ({how})", child.log_tail())


def crew_size(device: str) -> int:
    """One worker a core on a CPU, each with one thread: two threads on one small product wait more than they work."""
    return len(os.sched_getaffinity(0)) if device == "cpu" and hasattr(os, "sched_getaffinity") else 1
