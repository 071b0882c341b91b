"""Nights of four runs in flight that are killed again and again, at random instants and at every write.

`python tests/support/killed_nights.py FOLDER --kills 200` kills so often, and says what it saw. A night is a search in
a forked process, so that a kill costs a moment and no start of Python.
"""

import argparse
import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random

import pandas
from sample_cards import sample_proposal
from scored_by_source import THREE_SEEDS, Evaluator
from small_search import TEMPLATE_SOURCE, small_search

from agent.core.run import BASELINE, NEXT_STAGES, Proposal, Run
from agent.core.score import ScoreCard
from agent.evaluator.assignment import Assignment, Watch
from agent.evaluator.executor.pool import Pool
from agent.science.history import History
from agent.store.lineage import Lineage
from agent.store.places import read_stints
from agent.store.workspace import TABLE, Workspace

PLACES, RUNS = 4, 6
LONGEST = 0.04  # seconds of a training
ORDER = ("proposed", "approved", "evaluating", "evaluated", "failed", "stopped", "analysed")
FIRST_WRITES = 120  # of a search are killed at
WRITES = ("replace", "rename", "fsync")  # of os: at each of them a kill may come, before it or behind it

Kill = Callable[[], None]  # in the searching process, before it begins: sees to it that it is killed


class Place:
    """It takes a moment and trains nothing."""

    def __init__(self) -> None:
        self.score, self.chance = Evaluator(), random.Random(os.getpid())

    def evaluate(self, assignment: Assignment, watch: Watch) -> ScoreCard:
        time.sleep(self.chance.uniform(0, LONGEST))
        return self.score(assignment, watch)

    def close(self) -> None:
        pass


class Counting:
    """Proposes one variant after the other, each named after how many runs there were."""

    def propose(self, history: History, parent: Run, draw: Random, idea: str = "") -> Proposal:
        number = len(history.runs)
        return sample_proposal(f"delta_net_4layer_{number}", f"{TEMPLATE_SOURCE}\n# {number}\n")


def tried(root: Path) -> list[Run]:
    """The proposals that have ended."""
    return [run for run in Workspace(root).history().runs if run.finished and run.proposal.author != BASELINE]


def search(root: Path) -> None:
    """Until RUNS proposals have ended in this workspace, those of earlier searches included."""
    with Pool({f"cpu:{number}": Place for number in range(PLACES)}, "cpu", workers=1) as pool:
        night = small_search(root, RUNS - len(tried(root)), Counting(), executor=pool)
        night.protocol = night.replication.protocol = replace(THREE_SEEDS, legs=legs_of(THREE_SEEDS))
        night.check = lambda history, proposal: ()
        night.run()


def legs_of(protocol):
    """One seed of each setting, and then the others."""
    from agent.evaluator.protocol import Leg

    return (Leg(tuple((setting.label, 1) for plan in protocol.plans for setting in plan.settings)),)


def forked(root: Path, kill: Kill) -> int:
    """A search in a process of its own: what ended it, a signal below zero."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            kill()
            search(root)
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def after(seconds: float) -> Kill:
    """Killed at this instant."""

    def kill() -> None:
        timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
        timer.daemon = True
        timer.start()

    return kill


def at_write(number: int, behind: bool) -> Kill:
    """Killed at the write of this number, from 0, before it is done or behind it."""
    seen = iter(range(number))

    def counting(write):
        def counted(*arguments, **options):
            last = next(seen, None) is None
            if last and not behind:
                os.kill(os.getpid(), signal.SIGKILL)
            done = write(*arguments, **options)
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return counted

    def kill() -> None:
        for name in WRITES:
            setattr(os, name, counting(getattr(os, name)))

    return kill


def read_everything(root: Path) -> dict[str, Run]:
    """Every run by its id, once it is seen that every file there is can be read."""
    workspace = Workspace(root)
    runs = {run.id: workspace.with_curves(run) for run in workspace.history().runs}
    for path in [*root.glob("runs/*.json"), *root.glob("runs/[0-9]*/*.json")]:
        json.loads(path.read_text())
    for run in runs.values():
        compile((workspace.folder(run) / "naive.py").read_text(), "naive.py", "exec")
    if (root / TABLE).exists():
        names = list(pandas.read_csv(root / TABLE, index_col=0).index)
        assert len(names) == len(set(names))
        assert set(names) <= {run.name for run in runs.values() if run.scored}
    return runs


def check_nothing_was_lost(before: dict[str, Run], after: dict[str, Run]) -> None:
    """Every run is still there, no finished stage or leg was undone and no score was made a second time."""
    assert before.keys() <= after.keys()
    for key, run in before.items():
        now = after[key]
        assert now.proposal == run.proposal
        assert run.card is None or now.card == run.card
        assert now.card is not None or now.legs[: len(run.legs)] == run.legs
        if not NEXT_STAGES[run.stage]:
            assert now == run
        if now.stage != run.stage and (run.stage, now.stage) != ("evaluating", "approved"):
            assert ORDER.index(now.stage) > ORDER.index(run.stage)


def check_the_end(root: Path) -> None:
    """All that was proposed has ended once, as the table and the lineage say too, and no leg was counted twice."""
    runs = read_everything(root)
    assert {run.stage for run in runs.values()} == {"analysed"}
    assert len(tried(root)) == RUNS
    # Rows stand in the order of evaluation: of four in flight, the second proposal may have its scores first.
    evaluated = sorted((run for run in runs.values() if run.scored), key=lambda run: run.reached("evaluated"))
    scored = [run.name for run in evaluated]
    assert len(set(scored)) == len(scored)
    assert list(Workspace(root).rows()) == scored
    assert {entry.name for entry in Lineage(root).log()} == set(scored)
    ended = [(stint.run, stint.leg) for stint in read_stints(Workspace(root)) if stint.outcome == "finished"]
    kept = [(key, leg) for key, leg in ended if runs[key].scored]
    assert len(kept) >= len(set(kept)) == sum(2 if run.proposal.author != BASELINE else 1 for run in runs.values()
                                              if run.scored)  # fmt: skip
    leftovers = [path for path in root.rglob(".*-*") if path.is_file()] + list(root.rglob(".new-*"))
    assert leftovers == []


def kills(chance: random.Random, longest: float) -> Iterator[Kill]:
    """In turn at a random instant, before a write, and behind it: of one write after the other."""
    for number in count(chance.randrange(FIRST_WRITES)):
        yield after(chance.uniform(0, longest))
        yield at_write(number % FIRST_WRITES, behind=False)
        yield at_write(number % FIRST_WRITES, behind=True)


def killed_nights(folder: Path, times: int, seed: int, longest: float = 3.0) -> int:
    """Kill so many times; a night that came to its end is checked, and another begins. How many nights ended."""
    chance, nights, killed = random.Random(seed), 0, 0
    attempts = kills(chance, longest)
    while killed < times:
        root, before = folder / f"night_{nights}", {}
        while (code := forked(root, next(attempts) if killed < times else lambda: None)) != 0:
            assert code == -signal.SIGKILL, code
            killed += 1
            now = read_everything(root)
            check_nothing_was_lost(before, now)
            before = now
        check_nothing_was_lost(before, read_everything(root))
        check_the_end(root)
        nights += 1
    return nights


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=3.0, help="seconds to the latest kill of a search")
    given = parser.parse_args()
    nights = killed_nights(given.folder, given.kills, given.seed, given.longest)
    print(f"{given.kills} kills in {nights} nights of {RUNS} proposals at {PLACES} places: nothing was lost or doubled")


if __name__ == "__main__":
    main()
