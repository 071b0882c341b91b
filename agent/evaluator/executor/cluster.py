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
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from agent.core.errors import Unavailable, reason_of
from agent.core.isolation import Isolation
from agent.core.resources import PACKAGE
from agent.core.score import ScoreCard
from agent.core.text import say
from agent.evaluator.assignment import Assignment, Watch
from agent.evaluator.executor.place import Message, NotOpened, Place, PlaceLost, carry_out, read
from agent.evaluator.executor.pool import Pool
from agent.evaluator.jail.isolation import prove_isolation

HERE = "local"  # Ray's own word for a cluster of this machine alone
OBJECT_STORE = 1 << 27  # bytes; all that travels are variants and score cards
KNOCK_SECONDS = 10.0
LOOK_SECONDS = 5.0  # between two looks at which nodes there are
KINDS = {"cuda": "GPU", "cpu": "CPU"}  # a device -> Ray's word for what it needs of a node
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

    def ready(self) -> bool:
        """That it lives."""
        return True

    def evaluate(self, assignment: Assignment) -> Iterator[Message]:
        """Each update as it comes, and last the card or the exception."""
        said: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=carry_out, args=(assignment, said.put), daemon=True).start()
        message: Message | None = None
        while not isinstance(message, ScoreCard | Exception):
            message = said.get()
            yield message


class RayPlace:
    """An actor that evaluates on a node."""

    def __init__(self, node: str, device: str, allow_unsandboxed: bool) -> None:
        """`node` is the node's id."""
        ray = _ray()
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        needs = {"num_gpus": 1} if device == "cuda" else {"num_cpus": 1}
        there = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
        self._ray = ray
        self._actor = ray.remote(Worker).options(**needs, max_restarts=0, scheduling_strategy=there).remote()
        try:
            check_node(self._got(lambda: self._actor.look.remote(device)), allow_unsandboxed)
        except BaseException:
            self.close()
            raise

    def evaluate(self, assignment: Assignment, watch: Watch) -> ScoreCard:
        try:
            self._got(self._actor.ready.remote)
        except PlaceLost as loss:  # while it had nothing to do, which says nothing of what it was to do now
            raise NotOpened(str(loss)) from loss
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


@dataclass
class Nodes:
    """The places that the nodes of a cluster offer, and which of them a pool was given.

    `list_nodes` is `ray.nodes`; `place` opens one on the node of an id.
    """

    list_nodes: Callable[[], list[dict[str, Any]]]
    place: Callable[[str], Place]
    device: str
    most: int | None = None  # places at once
    given: dict[str, str] = field(default_factory=dict)  # a place's name -> its node's id
    labels: dict[str, str] = field(default_factory=dict)  # of the nodes that live, by their ids

    def offered(self) -> dict[str, str]:
        """Every place of the nodes that live, by name, with its node's id."""
        living = {node["NodeID"]: node for node in self.list_nodes() if node["Alive"]}
        self.labels = {node: label for node, label in self.labels.items() if node in living}
        found: dict[str, str] = {}
        for key, node in living.items():
            host, number = node["NodeManagerHostname"], int(node["Resources"].get(KINDS[self.device], 0))
            another = host in self.labels.values()  # a second node on one machine
            label = self.labels.setdefault(key, f"{host}-{key[:6]}" if another else host)
            found |= {f"{label}/{self.device}:{index}": key for index in range(number)}
        return found

    def update(self, pool: Pool) -> None:
        """Have the pool leave the places of nodes that are gone, and join those of nodes that came.

        A place that the pool closed is not given again; on a node that came back it is another one.
        """
        offered = self.offered()
        for name, node in self.given.items():
            if offered.get(name) != node:
                pool.leave(name, say("place.left", place=name))
        for name, node in offered.items():
            if self.most is not None and pool.places >= self.most:
                break
            if self.given.get(name) != node:
                self.given[name] = node
                pool.join(name, partial(self.place, node))

    def keep_up(self, pool: Pool, over: threading.Event) -> None:
        """Update the pool until it is over."""
        while not over.wait(LOOK_SECONDS):
            self.update(pool)


@contextmanager
def cluster_executor(address: str, device: str | None, places: int | None, allow_unsandboxed: bool) -> Iterator[Pool]:
    """A place for each GPU or core of a cluster, at most so many: of the one at an address, or of one started HERE.

    Nodes may join and leave meanwhile. Unavailable where there is no Ray, no cluster, or none of what is to be
    evaluated on.
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
        device = device or ("cuda" if ray.cluster_resources().get("GPU", 0) else "cpu")
        nodes = Nodes(ray.nodes, partial(_open, device, allow_unsandboxed), device, places)
        if not nodes.offered():
            raise Unavailable(f"the Ray cluster has nothing of the kind {device!r} to evaluate on")
        over = threading.Event()
        with Pool({}, device, workers=1, grows=True) as pool:
            nodes.update(pool)
            watching = threading.Thread(target=nodes.keep_up, args=(pool, over), daemon=True)
            watching.start()
            try:
                yield pool
            finally:
                over.set()
                watching.join()
    finally:
        ray.shutdown()


def _open(device: str, allow_unsandboxed: bool, node: str) -> Place:
    return RayPlace(node, device, allow_unsandboxed)


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
