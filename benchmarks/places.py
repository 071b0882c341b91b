"""Legs an hour of the ways to use two cores: one crew of two workers, two places, and four actors of a Ray cluster.

Each way trains the first leg of `quick` of the template so many times, with the executor of a search; the ways take
turns in one run, so that a machine whose speed drifts is fair to all. What a way needs to begin (processes, torch, the
proof of isolation on a node) is told apart: a search needs it once.
"""

import queue
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial

from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.errors import Unavailable
from agent.evaluator.assignment import Assignment
from agent.evaluator.executor.choice import open_places
from agent.evaluator.executor.news import Answered, Closed
from agent.evaluator.executor.pool import Executor
from agent.evaluator.protocol import Protocol
from agent.evaluator.protocols import QUICK

LEGS = 4  # of each way in a round: as many as the most places
ROUNDS = 3
TEST_SEED = 7
FIRST_LEG = QUICK.leg_parts()[0]

Way = Callable[[], AbstractContextManager[Executor]]
WAYS: dict[str, Way] = {
    "one crew of two": partial(open_places, None, "cpu", None, True),
    "two places": partial(open_places, None, "cpu", 2, True),
    "four Ray actors": partial(open_places, "local", "cpu", 4, True),
}


def places(protocol: Protocol = FIRST_LEG, legs: int = LEGS, rounds: int = ROUNDS) -> dict[str, float]:
    """Way -> legs an hour, the median of the rounds; a way that there is not here is skipped, and said to be."""
    print(f"places: {legs} times {protocol.name} of the template on two cores, median of {rounds} rounds", flush=True)
    source = baseline_path(TEMPLATE).read_text(encoding="utf-8")
    seconds: dict[str, list[float]] = {}
    with ExitStack() as open_ways:
        executors: dict[str, Executor] = {}
        for name, way in WAYS.items():
            try:
                began = time.perf_counter()
                executors[name] = open_ways.enter_context(way())
                train(executors[name], Assignment(source, _shortest(protocol), "cpu", TEST_SEED), legs)
                print(f"  {name}: ready after {time.perf_counter() - began:.0f} s", flush=True)
            except (Unavailable, ImportError) as missing:
                executors.pop(name, None)
                print(f"  {name}: left out: {missing}", flush=True)
        for _ in range(rounds):
            for name, executor in executors.items():
                began = time.perf_counter()
                train(executor, Assignment(source, protocol, "cpu", TEST_SEED, executor.workers), legs)
                seconds.setdefault(name, []).append(time.perf_counter() - began)
    hourly = {name: 3600 * legs / statistics.median(found) for name, found in seconds.items()}
    first = next(iter(hourly.values()))
    for name, found in seconds.items():
        spread = f"{3600 * legs / max(found):.1f} to {3600 * legs / min(found):.1f}"
        print(f"  {name:<18} {hourly[name]:.1f} legs an hour ({spread}), {hourly[name] / first:.2f}x", flush=True)
    return hourly


def train(executor: Executor, assignment: Assignment, times: int) -> None:
    """Have an assignment carried out so many times, at every place that the executor has."""
    free, waiting, under_way = list(executor.names), times, 0
    while waiting or under_way:
        while free and waiting:
            executor.begin(free.pop(), assignment, lambda update: None)
            waiting, under_way = waiting - 1, under_way + 1
        try:
            news = executor.news.get(timeout=600)
        except queue.Empty:
            raise Unavailable("no place has answered for ten minutes") from None
        if isinstance(news, Closed):
            raise Unavailable(f"{news.place} was closed: {news.why}")
        if isinstance(news, Answered):
            news.future.result()
            free.append(news.place)
            under_way -= 1
        elif news.place not in free:
            free.append(news.place)


def _shortest(protocol: Protocol) -> Protocol:
    """One seed of one setting, so that every place has its worker once before anything is timed."""
    replica = min(protocol.replicas(), key=lambda each: each.tokens)
    return protocol.part({(replica.setting, replica.seed)})
