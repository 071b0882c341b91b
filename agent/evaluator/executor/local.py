"""Places on this machine: a process each, with a GPU of its own where there are GPUs."""

import multiprocessing
import os
import queue
import signal
import threading
from functools import partial
from multiprocessing.connection import Connection

from agent.core.score import ScoreCard
from agent.evaluator.assignment import Assignment, Watch
from agent.evaluator.executor.place import NotOpened, PlaceLost, carry_out, read
from agent.evaluator.executor.pool import Pool
from agent.evaluator.gpus import visible_gpus
from agent.evaluator.jail.gpu_memory import VISIBLE
from agent.evaluator.worker_pool import worker_count


class LocalPlace:
    """A child process that evaluates. It dies with this one."""

    def __init__(self, gpu: str | None = None) -> None:
        # Spawned, not forked: this process may have threads and a CUDA context, which a fork does not survive.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_live, args=(theirs, gpu), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def evaluate(self, assignment: Assignment, watch: Watch) -> ScoreCard:
        if not self._process.is_alive():  # which says nothing of what it was to do now
            raise NotOpened(f"process {self.pid} had ended with code {self._process.exitcode}")
        try:
            self._pipe.send(assignment)
            return read(self._pipe.recv, watch)
        except (EOFError, OSError) as error:
            self._process.join()
            raise PlaceLost(f"process {self.pid} ended with code {self._process.exitcode}") from error

    def close(self) -> None:
        self._process.kill()
        self._process.join()


def _live(pipe: Connection, gpu: str | None) -> None:
    """A place's whole life. When the pipe closes, it ends at once, and its workers with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that opened this place
    if gpu is not None:
        os.environ[VISIBLE] = gpu  # before CUDA is first touched
    assignments: queue.SimpleQueue[Assignment] = queue.SimpleQueue()

    def listen() -> None:
        try:
            while True:
                assignments.put(pipe.recv())
        except (EOFError, OSError):
            os._exit(1)  # the fork server sees its socket close, and ends the workers

    threading.Thread(target=listen, daemon=True).start()
    while True:
        carry_out(assignments.get(), pipe.send)


def local_executor(device: str, places: int | None = None) -> Pool:
    """One place for each GPU that this process may see, or for each core on a CPU; at most so many.

    Several places on a CPU share its cores.
    """
    if device == "cuda":
        return Pool({f"cuda:{gpu}": partial(LocalPlace, gpu) for gpu in visible_gpus()[:places]}, device, workers=1)
    cores = worker_count(device)
    number = places or cores
    return Pool({f"cpu:{index}": LocalPlace for index in range(number)}, device, max(1, cores // number))
