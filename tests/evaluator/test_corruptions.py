"""A hundred random corruptions of a valid variant: whatever comes of one, it is told, and nothing is left of it.

Lines are cut, moved, swapped, doubled or broken off, as a model's bad patch does it. Most no longer are Python; some
compute something else; a few are still what they were.
"""

import random
import threading
from collections import Counter

import pytest
from small_evaluations import ONE_TASK, living

from agent.core.resources import TEMPLATE_FILE
from agent.core.score import ScoreCard
from agent.evaluator import check
from agent.evaluator.contract.variant import VariantRefused
from agent.evaluator.evaluation import evaluate
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.jail import jail
from agent.evaluator.jail.isolation import prove_isolation

VALID = TEMPLATE_FILE.read_text().splitlines()
CORRUPTIONS, PARTS = 100, 4


def corrupt(seed):
    """The template after one to five accidents."""
    chance = random.Random(seed)
    lines = list(VALID)
    for _ in range(chance.randint(1, 5)):
        here, there = (chance.randrange(len(lines)) for _ in range(2))
        match chance.choice(["cut", "cut many", "swap", "double", "shuffle", "break off", "indent", "letter"]):
            case "cut":
                del lines[here]
            case "cut many":
                del lines[here : here + chance.randint(2, 20)]
            case "swap":
                lines[here], lines[there] = lines[there], lines[here]
            case "double":
                lines.insert(there, lines[here])
            case "shuffle":
                part = lines[here : here + 5]
                chance.shuffle(part)
                lines[here : here + 5] = part
            case "break off":
                lines[here] = lines[here][: chance.randint(0, len(lines[here]))]
            case "indent":
                lines[here] = "    " + lines[here]
            case "letter":
                place = chance.randint(0, len(lines[here]))
                lines[here] = lines[here][:place] + chance.choice("()[]:=*-@x0,") + lines[here][place + 1 :]
        lines = lines or [""]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module", autouse=True)
def _ready():
    """The fork server is there before the clock of a check begins to run."""
    prove_isolation()


def outcome(path):
    """What becomes of a file: a score, or what is said of it."""
    try:
        return evaluate(path, ONE_TASK)
    except (VariantRefused, EvaluationFailed) as error:
        return error


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_corruption_does_harm(tmp_path, monkeypatch, part):
    monkeypatch.setattr(check, "SECONDS", 20.0)
    threads, outcomes = threading.active_count(), []
    for seed in range(part, CORRUPTIONS, PARTS):
        path = tmp_path / "variant.py"
        path.write_text(corrupt(seed))
        outcomes.append(outcome(path))
        assert list(tmp_path.iterdir()) == [path]
    kinds = Counter(map(type, outcomes))
    assert kinds.total() == CORRUPTIONS // PARTS
    assert kinds[VariantRefused] > 5
    assert len(kinds) > 1, "none of them got past the gate"
    for said in outcomes:
        assert isinstance(said, ScoreCard) or 10 < len(str(said)) < 1000
    assert threading.active_count() == threads
    assert living(jail.fork_server._home / "job-") == []
