"""Which executor: this machine, or a Ray cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

from agent.evaluator.evaluation import choose_device
from agent.evaluator.executor.cluster import cluster_executor
from agent.evaluator.executor.local import local_executor
from agent.evaluator.executor.pool import Pool


@contextmanager
def open_executor(
    cluster: str | None, device: str | None, places: int | None = None, allow_unsandboxed: bool = False
) -> Iterator[Pool]:
    """An executor of at most so many places; when this is left, every process of it is ended.

    `cluster` is a Ray cluster's address, or "local" for one that is started here; without it a process for each GPU or
    core of this machine. Unavailable where there is no such thing.
    """
    if cluster is not None:
        with cluster_executor(cluster, device, places, allow_unsandboxed) as pool:
            yield pool
    else:
        with local_executor(choose_device(device), places) as pool:
            yield pool
