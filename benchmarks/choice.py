"""What the catalogue's choice of its next proposal costs: the belief in all moves, the ranking of all sets, the file.

Rows are made up (agent/study/synthetic.py) and moves drawn at random, which makes more pairs of moves known than a
search does: what costs here is the upper side of what a search pays.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from statistics import median

from agent.science.beliefs import believe
from agent.search.assembly import make_catalogue
from agent.study.archive import quick_of_edition_2
from agent.study.nights import Bench
from agent.study.truths import truth

ROWS = (0, 30, 60, 120, 300)
ROUNDS = 7


def choice(rows: Sequence[int] = ROWS) -> None:
    """After so many rows: how long the belief and the whole choice take, on the clock and of CPU time."""
    bench, catalogue = Bench(make_catalogue(), quick_of_edition_2(), max(rows)), make_catalogue()
    sets, moves = len(catalogue.combinations.sets), list(catalogue.moves)
    print(f"choice: the next of {sets:,} sets of {len(moves)} moves, median of {ROUNDS}")
    history = bench.searched(truth("many", moves, Random(0)), "random", 0)
    for count in rows:
        known = replace(history, runs=history.runs[: count + 1])
        known.compare(known.runs[-1], known.runs[0])  # as a search has it: what was compared before is remembered
        believing = _milliseconds(lambda seed, known=known: believe(known, catalogue.expected, Random(seed)))  # type: ignore[misc]
        choosing = _milliseconds(lambda seed, known=known: catalogue.choose(known, Random(seed)))  # type: ignore[misc]
        print(f"  {count:>3} rows   belief {believing}   choice {choosing}", flush=True)


def _milliseconds(call: Callable[[int], object]) -> str:
    """Of one call, each round with another seed."""
    clock, cpu = [], []
    for seed in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        call(seed)
        clock.append(time.perf_counter() - began)
        cpu.append(time.process_time() - worked)
    return f"{1e3 * median(clock):.1f} ms ({1e3 * median(cpu):.1f} of CPU time)"
