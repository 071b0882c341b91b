"""What the search itself needs for a decision, with many runs in its history: from an answer to the next piece of work.

The closing of the run before (its note, lineage, table and status) is part of it.

The history is made up: sets of moves at random, with made-up scores (agent/study/synthetic.py). The search is the real
one with one simulated place (benchmarks/cluster.py). CPU time of this process and its children, so that another's work
on the machine does not count; the check before training, which is done by other processes, is left out.
"""

import json
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from unittest import mock

from agent.core.run import Milestone, Proposal, Run
from agent.evaluator.protocols import QUICK
from agent.proposer.catalogue import Catalogue
from agent.science.history import History
from agent.search.assembly import make_catalogue
from agent.search.rows import Rows
from agent.store import folder
from agent.store.workspace import PROTOCOL, RUNS
from agent.study.nights import Bench
from agent.study.synthetic import synthetic
from agent.study.truths import truth
from benchmarks import cluster

RUNS_KNOWN = 2000
ROWS = 5  # decided upon
STAGES = ("proposed", "approved", "evaluating", "evaluated", "analysed")
START, SECONDS = 1.7e9, 180.0  # of the made-up search, and from one run to the next


@dataclass
class Timed:
    """The catalogue, with the seconds of CPU that each of its choices took."""

    catalogue: Catalogue
    seconds: list[float] = field(default_factory=list)

    def propose(self, history: History, parent: Run, draw: Random, idea: str = "") -> Proposal:
        return self.catalogue.propose(history, parent, draw, idea)

    def choose(self, history: History, draw: Random, among: tuple[str, ...] = ()) -> Proposal | None:
        began = time.process_time()
        proposal = self.catalogue.choose(history, draw, among)
        self.seconds.append(time.process_time() - began)
        return proposal


def write_long_history(root: Path, count: int) -> None:
    """A workspace with so many finished runs of random sets of moves."""
    catalogue, made_up = make_catalogue(), synthetic(QUICK)
    history = Bench(catalogue, made_up, count).searched(truth("many", list(catalogue.moves), Random(0)), "random", 0)
    chance = Random(1)
    for number, made in enumerate(history.runs):
        at = START + SECONDS * number
        run = replace(
            made,
            id=time.strftime("%Y%m%d_%H%M%S", time.localtime(at)),
            milestones=tuple(Milestone(stage, at + 30.0 * step) for step, stage in enumerate(STAGES)),  # type: ignore[arg-type]
            signature=tuple(chance.gauss(0, 1) for _ in range(64)),
            attempts=1,
        )
        path = root / RUNS / run.id
        path.mkdir(parents=True)
        (path / folder.RUN).write_bytes(folder._RUN.dump_json(run, indent=1))  # without waiting for the disk each time
    held = {"name": made_up.protocol.name, "fingerprint": made_up.protocol.fingerprint}
    (root / PROTOCOL).write_text(json.dumps(held))


def decision(count: int = RUNS_KNOWN, rows: int = ROWS) -> None:
    """The median decision, its choice of a proposal, the closing of the run before and the rest of it."""
    print(f"decision: the next piece of work, of CPU time, with {count:,} runs known; median of {rows}", flush=True)
    timed, closes = Timed(make_catalogue()), []
    close = Rows.close

    def timed_close(*given: Any) -> Any:
        began = cluster.cpu_seconds()
        closed = close(*given)
        closes.append(cluster.cpu_seconds() - began)
        return closed

    with tempfile.TemporaryDirectory() as name, mock.patch.object(Rows, "close", timed_close):
        write_long_history(Path(name), count)
        done = cluster.simulated(Path(name), 1, rows + 1, cluster.ROW_OF_MAD, proposer=timed, losers=0.0)
    each, chosen = done.decisions[1:], timed.seconds[1:]  # the first fills what is remembered
    rest = [whole - choice - closed for whole, choice, closed in zip(each, chosen, closes, strict=False)]
    parts = {"whole": each, "the choice of moves": chosen, "closing the run before": closes, "the rest": rest}
    print("  " + "   ".join(f"{what} {1e3 * median(seconds):.1f} ms" for what, seconds in parts.items()), flush=True)
