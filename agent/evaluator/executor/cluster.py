"""Places on a Ray cluster: an actor each, wherever the cluster has a GPU or a core for it.

Every node runs this project's own code in the same jail as this machine does. Both are looked at before an actor is
given anything: a node with other code would make other records, and one without isolation must not run a variant.
"""

import hashlib
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from agent.core.errors import Unavailable, reason_of
from agent.core.isolation import Isolation
from agent.core.resources import PACKAGE
from agent.core.score import ScoreCard
from agent.evaluator.assignment import Assignment, Watch
from agent.evaluator.executor.place import Message, PlaceLost, carry_out, read
from agent.evaluator.executor.pool import Pool
from agent.evaluator.jail.isolation import prove_isolation

HERE = "local"  # Ray's own word for a cluster of this machine alone
OBJECT_STORE = 1 << 27  # bytes; all that travels are variants and score cards
KNOCK_SECONDS = 10.0
SCORING = ("evaluator", "kernels", "core/score.py")


@dataclass(frozen=True)
class Node:
    """What an actor says of where it is."""

    name: str
    code: str
    isolation: Isolation


class Worker:
    """What runs inside of an actor."""

    def look(self, device: str) -> Node:
        return Node(socket.gethostname(), code_digest(), prove_isolation(device))

    def evaluate(self, assignment: Assignment) -> Iterator[Message]:
        """Each update as it comes, and last the card or the exception."""
        said: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=carry_out, args=(assignment, said.put), daemon=True).start()
        message: Message | None = None
        while not isinstance(message, ScoreCard | Exception):
            message = said.get()
            yield message


class RayPlace:
    """An actor that evaluates."""

    def __init__(self, device: str, allow_unsandboxed: bool) -> None:
        ray = _ray()
        needs = {"num_gpus": 1} if device == "cuda" else {"num_cpus": 1}
        self._ray = ray
        self._actor = ray.remote(Worker).options(**needs, max_restarts=0).remote()
        try:
            check_node(self._got(lambda: self._actor.look.remote(device)), allow_unsandboxed)
        except BaseException:
            self.close()
            raise

    def evaluate(self, assignment: Assignment, watch: Watch) -> ScoreCard:
        messages = self._actor.evaluate.options(num_returns="streaming").remote(assignment)
        return read(lambda: self._got(lambda: next(messages)), watch)

    def close(self) -> None:
        self._ray.kill(self._actor)

    def _got(self, ask: Callable[[], Any]) -> Any:
        """What an actor answers; PlaceLost if it is gone, or its whole node."""
        try:
            return self._ray.get(ask())
        except self._ray.exceptions.RayTaskError:
            raise  # the actor lives, and this project's code in it broke
        except (self._ray.exceptions.RayError, StopIteration) as error:
            raise PlaceLost((str(error).strip() or "an actor died").splitlines()[0]) from error


def check_node(node: Node, allow_unsandboxed: bool) -> None:
    """Unavailable for a node that must not be given a variant."""
    if node.code != code_digest():
        raise Unavailable(
            f"node {node.name} of the cluster has another version of this project; install this one there"
        )
    if node.isolation.trouble or not (node.isolation.proven or allow_unsandboxed):
        raise Unavailable(f"node {node.name} of the cluster: {node.isolation.line}")


def code_digest() -> str:
    """What tells one version of the code that makes scores from another."""
    places = [PACKAGE / name for name in SCORING]
    files = sorted(file for place in places for file in [place, *place.rglob("*.py")] if file.is_file())
    facts = b"".join(str(file.relative_to(PACKAGE)).encode() + b"\0" + file.read_bytes() + b"\0" for file in files)
    return hashlib.sha256(facts).hexdigest()[:12]


@contextmanager
def cluster_executor(address: str, device: str | None, places: int | None, allow_unsandboxed: bool) -> Iterator[Pool]:
    """A place for each GPU or core of a cluster, at most so many: of the one at an address, or of one started HERE.

    Unavailable where there is no Ray, no cluster, or none of what is to be evaluated on.
    """
    ray = _ray()
    _knock(address)
    here = {"num_cpus": places, "object_store_memory": OBJECT_STORE, "include_dashboard": False}
    try:
        ray.init(address=address, log_to_driver=False, **(here if address == HERE else {}))
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise Unavailable(
            f"no Ray cluster at {address}: {reason_of(error)}; start one with `ray start --head`"
        ) from error
    try:
        gpus, cores = (int(ray.cluster_resources().get(kind, 0)) for kind in ("GPU", "CPU"))
        device = device or ("cuda" if gpus else "cpu")
        offered = gpus if device == "cuda" else cores
        if not offered:
            raise Unavailable(f"the Ray cluster has nothing of the kind {device!r} to evaluate on")
        with Pool([lambda: RayPlace(device, allow_unsandboxed)] * min(offered, places or offered), device) as pool:
            yield pool
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Unavailable at once where nothing listens at HOST:PORT; Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and "://" not in address:
        try:
            socket.create_connection((host, int(port)), KNOCK_SECONDS).close()
        except OSError as error:
            raise Unavailable(f"no Ray cluster at {address} ({error}); start one with `ray start --head`") from error


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise Unavailable("evaluating on a cluster needs Ray: pip install ray") from error
    return ray
