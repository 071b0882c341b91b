"""A seventh task is one file, its name in one list, and a protocol that asks for it: in a copy of the tree, and whole.

Training, test, table and report take it from there.
"""

import csv
import json
import os
import shutil
import subprocess
import sys

import pytest
from house import ROOT

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.protocols import SMOKE

TASK = '''\
"""Delayed Copy: say the token that stood `delay` positions before."""

from agent.evaluator.tasks.task import IGNORE, Examples, Option, Task, too_small

DELAY = Option("delay", 1, "how many positions before")


def delayed_copy(request):
    setting, delay = request.setting, DELAY.of(request.setting)
    tokens = request.integers(setting.vocab, setting.length)
    targets = request.full(setting.length, IGNORE)
    targets[:, delay:] = tokens[:, :-delay]
    return Examples(tokens, targets)


def complaints(setting):
    yield from too_small(setting, vocab=2, length=DELAY.of(setting) + 1)


DELAYED_COPY = Task("Delayed Copy", "each position repeats an earlier one.", delayed_copy, complaints, (DELAY,))
'''
LINE = ("register(COMPRESS,", "register(DELAYED_COPY, COMPRESS,")
IMPORT = "from agent.evaluator.tasks.delayed_copy import DELAYED_COPY\n"
PROTOCOL = """
PROTOCOLS["toy"] = replace(
    SMOKE,
    name="toy",
    plans=(
        replace(
            SMOKE.plans[0],
            settings=(SMOKE.plans[0].settings[0], Setting("Delayed Copy", 8, 16, 256, delay=2)),
            seeds=1,
            epochs=40,
        ),
    ),
)
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the code with the task in it."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in ("agent", "templates", "baselines"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    tasks = tree / "agent" / "evaluator" / "tasks"
    (tasks / "delayed_copy.py").write_text(TASK)
    listed = (tasks / "__init__.py").read_text()
    assert LINE[0] in listed
    (tasks / "__init__.py").write_text(listed.replace("\nfrom", f"\n{IMPORT}from", 1).replace(*LINE))
    with (tree / "agent" / "evaluator" / "protocols.py").open("a") as protocols:
        protocols.write(PROTOCOL)
    return tree


@pytest.fixture(scope="module")
def run(tree):
    """Run the copy, and give back what it prints."""

    def run(*words):
        environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
        ended = subprocess.run(
            [sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True, timeout=300
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return run


@pytest.mark.slow
def test_it_is_trained_scored_and_reported(run, tree):
    row = ("--name", TEMPLATE, "--workspace", "home")
    card = json.loads(run("-m", "agent", "evaluate", str(baseline_path(TEMPLATE)), "--protocol", "toy", "--json", *row))
    assert list(card["scores"]) == ["Delayed Copy", "Compress"], "in the order of the list"
    assert card["scores"]["Delayed Copy"] > 0.5, "a guess has an eighth right"
    (seed,) = card["tasks"]["Delayed Copy"]["seeds"]
    assert seed["setting"] == "Delayed Copy V8 L16 n256 delay2"
    with (tree / "home" / "results.csv").open(newline="") as table:
        assert next(csv.reader(table)) == ["", "Delayed Copy", "Compress"]
    run("-m", "agent", "report", "--workspace", "home")
    assert any("Delayed Copy" in page.read_text() for page in (tree / "home").rglob("index.html"))


def test_the_protocols_of_old_keep_their_fingerprints(run):
    found = run("-c", "from agent.evaluator.protocols import PROTOCOLS; print(PROTOCOLS['smoke'].fingerprint)")
    assert found.strip() == SMOKE.fingerprint
