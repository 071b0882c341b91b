"""A real search that is killed at random instants, with workers and git and all, and goes on each time."""

import os
import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import small_search
from house import ROOT
from killed_nights import check_nothing_was_lost, killed_nights, read_everything
from small_evaluations import ONE_TASK

from agent.core.baselines import TEMPLATE
from agent.store.lineage import Lineage
from agent.store.status import STATUS, read_status
from agent.store.workspace import Workspace

pytestmark = pytest.mark.slow  # every test here starts the whole program

SEARCH = Path(small_search.__file__)
RUNS, KILLS, SECONDS = 2, 3, 5.0
OF_NIGHTS = 8  # kills; tests/support/killed_nights.py does many more by hand
NOISE = "measuring the noise with"


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


def test_with_four_runs_in_flight_a_kill_loses_their_legs_alone(tmp_path):
    assert killed_nights(tmp_path, OF_NIGHTS, seed=5) >= 1
