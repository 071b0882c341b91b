"""What is prepared for a GPU's first minutes: every question is asked and kept, and what can be tried of them is."""

import csv
import subprocess
import sys

import pytest
import torch

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.stays import check_device
from agent.evaluator.contract.variant import VariantRefused, load_variant
from agent.evaluator.protocols import SMOKE
from benchmarks.first_on_gpu import WITHOUT_DEVICE, Question, keep, questions
from benchmarks.step_on_gpu import line


def test_each_answer_is_kept_whatever_becomes_of_the_others(tmp_path):
    asked = [
        Question("fine", ("-c", "print('one'); print('two')"), 60),
        Question("refused", ("-c", "raise SystemExit(2)"), 60, 2),
        Question("broken", ("-c", "raise SystemExit(1)"), 60),
        Question("slow", ("-c", "import time; time.sleep(60)"), 0.5),
    ]
    keep(asked, tmp_path / "kept.csv")
    with (tmp_path / "kept.csv").open(newline="") as file:
        rows = {row["asked"]: row for row in csv.DictReader(file)}
    endings = ["as expected", "as expected", "otherwise: exit code 1", "out of time"]
    assert [row["ended"] for row in rows.values()] == endings
    assert rows["fine"]["last_line"] == "two"
    assert rows["fine"]["torch"] == torch.__version__


def test_they_take_no_more_than_their_quarter_of_an_hour_and_a_reserve(tmp_path):
    assert sum(question.seconds for question in questions(tmp_path)) <= 22 * 60
    names = {word for question in questions(tmp_path) for word in question.command if word.startswith("benchmarks.")}
    assert names == {"benchmarks.card", "benchmarks.step_on_gpu"}


def test_the_forgetful_variant_is_one(tmp_path):
    path = tmp_path / "forgetful.py"
    path.write_text(WITHOUT_DEVICE)
    with pytest.raises(VariantRefused, match="line 5 of the variant: mul"):
        check_device(load_variant(path), SMOKE)


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="here it asks the GPU")
@pytest.mark.parametrize("module", ["first_on_gpu", "step_on_gpu"])
def test_without_a_gpu_it_says_so(module):
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], capture_output=True, text=True)
    assert done.returncode == 3
    assert done.stderr == "there is no GPU here that torch can use\n"


@pytest.mark.slow
def test_a_step_is_counted_and_timed_where_it_runs():
    cells = line(load_variant(baseline_path(TEMPLATE)), 32, 1, torch.device("cpu")).strip("| ").split(" | ")
    length, replicas, moved, counted, seen, milliseconds, speed = map(float, cells)
    assert (length, replicas, seen) == (32, 1, 0)  # nothing is launched on a CPU
    assert moved > 0.5
    assert counted > 300
    assert milliseconds > 0
    assert speed > 0
