"""A real search that is killed at random instants, with workers and git and all, and goes on each time."""

import json
import os
import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pandas
import pytest
import small_search
from house import ROOT
from small_evaluations import ONE_TASK

from agent.core.baselines import TEMPLATE
from agent.core.run import NEXT_STAGES
from agent.store.lineage import Lineage
from agent.store.status import STATUS, read_status
from agent.store.workspace import TABLE, Workspace

pytestmark = pytest.mark.slow  # every test here starts the whole program

SEARCH = Path(small_search.__file__)
RUNS, KILLS, SECONDS = 2, 3, 5.0  # many more kills were tried by hand
NOISE = "measuring the noise with"
ORDER = ("proposed", "approved", "evaluating", "evaluated", "failed", "analysed")


def begin(root):
    """The search in a process of its own, once it has read what there is."""
    search = subprocess.Popen(
        [sys.executable, str(SEARCH), str(root), str(RUNS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert search.stdout.readline() == "searching\n"
    return search


def read_everything(root):
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


def check_nothing_was_lost(before, after):
    """Every run is still there, no finished stage was undone and no score was made a second time."""
    assert before.keys() <= after.keys()
    for key, run in before.items():
        now = after[key]
        assert now.proposal == run.proposal
        assert run.card is None or now.card == run.card
        if not NEXT_STAGES[run.stage]:
            assert now == run
        if now.stage != run.stage and (run.stage, now.stage) != ("evaluating", "approved"):
            assert ORDER.index(now.stage) > ORDER.index(run.stage)


def wait_for(phase, root):
    """Until the search says that this is what it is doing."""
    deadline = time.monotonic() + 60
    while not (root / "runs" / STATUS).exists() or read_status(Workspace(root)).phase != phase:
        assert time.monotonic() < deadline, phase
        time.sleep(0.01)


def kill_and_go_on(root, moments):
    """Kill a search at these moments, then let it end: the runs."""
    before = {}
    for moment in moments:
        search = begin(root)
        moment(root)
        search.kill()
        search.communicate()
        after = read_everything(root)
        check_nothing_was_lost(before, after)
        before = after
    search = begin(root)
    _, errors = search.communicate(timeout=300)
    assert (search.returncode, errors) == (0, "")
    after = read_everything(root)
    check_nothing_was_lost(before, after)
    return after


def test_a_search_that_is_killed_loses_nothing_and_doubles_nothing(tmp_path):
    chance = random.Random(7)
    at_random = [lambda root: time.sleep(chance.uniform(0, SECONDS))] * KILLS
    runs = kill_and_go_on(tmp_path, [partial(wait_for, "training"), partial(wait_for, NOISE), *at_random])
    # A run that is cut off twice is given up; the template, which everything is compared with, is then tried again.
    given_up = [run for run in runs.values() if run.failure and run.failure.kind == "interrupted"]
    assert len(runs) == 1 + RUNS + sum(run.name == TEMPLATE for run in given_up)
    assert all(run.stage == "analysed" for run in runs.values())
    names = [run.name for run in runs.values() if run not in given_up]
    assert len(set(names)) == len(names)
    scored = [run for run in runs.values() if run.scored]
    assert list(Workspace(tmp_path).rows()) == [run.name for run in scored]
    assert {entry.name for entry in Lineage(tmp_path).log()} == {run.name for run in scored}
    for run in scored:
        assert run.card.fingerprint == ONE_TASK.fingerprint
        assert (tmp_path / "runs" / run.id / "insights.md").read_text().endswith(f"\n{run.name}\n")
        # A variant is in the lineage with its parent, whenever it was killed.
    parents = {entry.name: entry.parents for entry in Lineage(tmp_path).log()}
    assert parents == {run.name: run.proposal.parents for run in scored}
    seeds = [
        seed for card in Workspace(tmp_path).replicates().cards for task in card.tasks.values() for seed in task.seeds
    ]
    assert [seed.seed for seed in seeds] == [1, 2]
    leftovers = [path for path in tmp_path.rglob(".*-*") if path.is_file()] + list(tmp_path.rglob(".new-*"))
    assert leftovers == []
