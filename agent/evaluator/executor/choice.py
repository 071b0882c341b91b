"""Which executor: this machine, or a Ray cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

from agent.core.errors import UsageError
from agent.evaluator.evaluation import choose_device
from agent.evaluator.executor.cluster import cluster_executor
from agent.evaluator.executor.here import Here
from agent.evaluator.executor.local import local_executor
from agent.evaluator.executor.pool import Executor, Pool
from agent.evaluator.gpus import visible_gpus


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


@contextmanager
def open_places(
    cluster: str | None, device: str | None, places: int | None, allow_unsandboxed: bool = False
) -> Iterator[Executor]:
    """The places of a search: so many, or as many as there are GPUs, or all that a cluster offers while it runs.

    A single one is this process, which gives an evaluation all cores, or all GPUs. UsageError for more than there are
    GPUs: a training needs one alone.
    """
    if cluster is not None:
        with cluster_executor(cluster, device, places, allow_unsandboxed) as pool:
            yield pool
        return
    device = choose_device(device)
    gpus = len(visible_gpus()) if device == "cuda" else 0
    if places is not None and gpus and places > gpus:
        raise UsageError(f"places: {places} are asked for, and there are {gpus} GPUs here: a training needs one alone")
    wanted = places or gpus or 1
    if wanted == 1:
        yield Here(device)
        return
    with local_executor(device, wanted) as pool:
        yield pool
