"""Evaluations with real workers: what a card holds, who sees the labels, and how each misfortune is told."""

import math
import re
import sys
import threading
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from small_evaluations import ONE_TASK, TINY, living, write_variant

from agent.core.baselines import GATED, TEMPLATE, baseline_path
from agent.core.reason import Reason
from agent.core.score import MAD_TASKS
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.evaluation import evaluate
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.held_out import Candidate, HeldOutTest, best_of_grid
from agent.evaluator.jail.confinement import LARGEST_FILE
from agent.evaluator.jail.forkserver import LARGEST_FOLDER
from agent.evaluator.jail.jail import scratch
from agent.evaluator.job import Job
from agent.evaluator.protocols import PROTOCOLS
from agent.evaluator.tasks.draw import draw
from agent.evaluator.training.network import Network
from agent.evaluator.training.stack import architecture, stacks
from agent.evaluator.worker import diagnose
from agent.evaluator.worker_pool import WorkerPool

DESCRIBE, TRAIN = {"do": "describe"}, {"do": "train", "stack": 0}

# A daemon is a process that nothing ties to the one that began it: two forks and a session of its own.
DAEMON = """\
os = torch.os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        __import__("time").sleep(600)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def card():
    return evaluate(baseline_path(TEMPLATE), TINY)


@pytest.fixture
def job():
    with scratch() as folder:
        yield Job(folder, ONE_TASK.to_json(), "cpu")


@pytest.fixture
def ask(tmp_path, job):
    """Hand a variant to one fresh worker with some requests: its answers, and all it said on the way."""

    def ask(*requests, at_import="", in_op="", overdue_at=None):
        job.write(write_variant(tmp_path, at_import, in_op))
        pool = WorkerPool(job.folder, 1, time.monotonic() + 60)
        if overdue_at is not None:
            threading.Thread(target=end_when_printed, args=(pool, overdue_at), daemon=True).start()
        try:
            return pool.run(list(requests), lambda update: None)
        finally:
            assert living(job.folder) == []

    return ask


def end_when_printed(pool, text):
    """Move a pool's deadline to the moment at which its variant prints a text."""
    while not any(text in log.read_text() for log in pool.folder.glob("log-*")):
        time.sleep(0.05)
    pool.deadline = time.monotonic()


@pytest.fixture
def failure(ask):
    """How a variant fails at being described."""

    def failure(**arguments):
        with pytest.raises(EvaluationFailed) as caught:
            ask(DESCRIBE, **arguments)
        return caught.value.failure

    return failure


def test_a_card_has_every_task_with_spread_and_all_that_is_needed_to_repeat_it(card):
    assert tuple(card.tasks) == tuple(card.scores) == MAD_TASKS
    assert (card.protocol, card.fingerprint, card.device) == ("smoke", TINY.fingerprint, "cpu")
    for score in card.tasks.values():
        assert [seed.seed for seed in score.seeds] == [0, 1]
        assert 0 <= score.mean <= 1
        assert score.spread == pytest.approx(abs(score.seeds[0].macro - score.seeds[1].macro) / 2)
        for seed in score.seeds:
            assert seed.ending == "finished"
            assert [point.step for point in seed.curve] == [2, 4]
            assert seed.best_step == min(seed.curve, key=lambda point: point.loss).step
    assert card.average == pytest.approx(sum(card.scores.values()) / 6)
    assert card.parameters > 10_000
    assert card.state_size == 32 * 32
    assert card.speed.op > 0
    assert 0.2 < card.speed.ratio < 5  # the template against itself
    assert card.versions["torch"] == torch.__version__
    assert card.seconds > 0


def test_a_task_beside_the_table_is_no_column_of_it(card):
    (score,) = card.further.values()
    assert (score.task, [*card.further], [seed.seed for seed in score.seeds]) == (
        "Multi-Query Recall",
        ["Multi-Query Recall"],
        [0, 1],
    )
    assert not card.further.keys() & card.scores.keys()


def test_the_same_weights_are_tested_on_longer_sequences_where_a_task_has_a_length(card):
    for task in (*card.tasks.values(), *card.further.values()):
        for seed in task.seeds:
            assert [test.times for test in seed.longer] == ([2] if _setting(seed.setting).lengthens else [])
            assert all(0 <= accuracy <= 1 for test in seed.longer for accuracy in (test.micro, test.macro))


def _setting(label):
    return next(setting for plan in TINY.plans for setting in plan.settings if setting.label == label)


def test_its_test_seed_repeats_an_evaluation_to_the_digit(card):
    again = evaluate(baseline_path(TEMPLATE), TINY, test_seed=card.test_seed)
    assert (again.tasks, again.further) == (card.tasks, card.further)
    assert again.test_seed == card.test_seed


def test_learned_inputs_are_supplied_and_every_evaluation_has_a_secret_test_of_its_own(card):
    other = evaluate(baseline_path(GATED), ONE_TASK)
    assert other.scores.keys() == {"Memorize"}
    assert other.test_seed != card.test_seed


@pytest.mark.parametrize("task", ["Memorize", "Selective Copy"])
def test_an_exam_hands_out_inputs_alone(job, tmp_path, task):
    replica = next(TINY.only((task,)).replicas())
    test_seed = 271_828_182_845
    test = HeldOutTest.draw(0, [Candidate(replica, 0, "finished", ())], TINY, test_seed)
    job.write(write_variant(tmp_path))
    test.write_inputs(job)
    handed = load_file(job.inputs(0))
    assert handed.keys() == {"chosen", "inputs"}
    # The labels are neither among the inputs nor to be had by drawing again from anything that the folder tells.
    targets = test.examples[0].targets
    assert (targets != handed["inputs"][0, : len(targets)]).any()
    assert not any(str(test_seed).encode() in path.read_bytes() for path in job.folder.iterdir())
    redrawn = draw(replica.setting, TINY.test_examples, split="test", seed=0, world=replica.seed, device="cpu")
    assert not torch.equal(redrawn.targets, targets)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_the_weights_of_a_protocol_pass_no_limit_of_the_jail(protocol, device):
    template = load_variant(baseline_path(TEMPLATE))
    rows = [2 * len(group) * Network(architecture(group, protocol), template).layout.size * 4
            for group in stacks(protocol, device)]  # fmt: skip
    assert max(rows) < LARGEST_FILE
    assert sum(rows) < 0.75 * LARGEST_FOLDER  # inputs and predictions come to little beside them


def test_an_exception_is_a_crash_that_names_the_line(failure):
    told = failure(in_op="o = o @ k")
    assert told.kind == "crash"
    assert re.fullmatch(r"RuntimeError: .* \(line 6 of the variant\)", str(told.reason))
    assert "Traceback" in told.log_tail


@pytest.mark.parametrize(("place", "line"), [("at_import", 3), ("in_op", 7)])
def test_an_endless_loop_is_stopped_and_the_log_says_where_it_was(failure, place, line):
    told = failure(**{place: "print('looping')\nwhile True: pass"}, overdue_at="looping")
    assert told.kind == "timeout"
    assert f'variant.py", line {line} in' in told.log_tail


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_a_daemon_is_not_born(failure):
    told = failure(at_import=DAEMON)
    assert told.kind == "crash"
    assert "Operation not permitted" in str(told.reason)


@pytest.mark.parametrize("in_op", ["raise MemoryError", "torch.empty(1 << 50)", "torch.os.kill(torch.os.getpid(), 9)"])
def test_out_of_memory_is_told_apart(failure, in_op):
    told = failure(in_op=f"print('hungry'); {in_op}")
    assert told.kind == "out of memory"
    assert "hungry" in told.log_tail


@pytest.mark.parametrize(
    "message",
    [
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "NVML_SUCCESS == r INTERNAL ASSERT FAILED at CUDACachingAllocator.cpp",
    ],
)
def test_what_a_gpu_says_when_its_memory_is_full_is_out_of_memory(message, tmp_path):
    kind, reason = diagnose(RuntimeError(message), tmp_path)
    assert (kind, reason) == ("out of memory", Reason.said(message.splitlines()[0]))
    assert diagnose(RuntimeError("CUDA error: an illegal memory access"), tmp_path)[0] == "crash"


@pytest.mark.parametrize(
    ("in_op", "kind", "reason"),
    [
        ("o = o[..., :-1]", "wrong shape", "must be the same"),
        ("return o", "wrong shape", r"must return \(o, state\)"),
        ("o = o / 0", "refused", "not finite"),
        ("torch.os._exit(0)", "crash", r"ended without an answer \(exit code 0\)"),
        ("torch.os.kill(torch.os.getpid(), 11)", "crash", r"ended without an answer \(signal 11\)"),
        ("torch.os.closerange(3, 50); __import__('time').sleep(60)", "crash", "closed its pipe"),
        ("breakpoint()", "crash", "BdbQuit"),
        ("raise SystemExit", "crash", "SystemExit"),
    ],
)
def test_other_misfortunes_are_told_by_their_kind(failure, in_op, kind, reason, monkeypatch):
    monkeypatch.setattr(
        "agent.evaluator.worker_pool.SECONDS_TO_DIE", 2.0
    )  # as long as the one that closes its pipe is waited for
    told = failure(in_op=f"print('here'); {in_op}")
    assert told.kind == kind
    assert re.search(reason, str(told.reason))
    assert "here" in told.log_tail


def test_a_loss_that_is_no_longer_finite_is_diverged_and_no_score():
    plan = replace(ONE_TASK.plans[0], learning_rates=(1e30,))
    with pytest.raises(EvaluationFailed, match="no longer finite at step") as caught:
        evaluate(baseline_path(TEMPLATE), replace(ONE_TASK, plans=(plan,)))
    assert caught.value.failure.kind == "diverged"


# Its offset goes one learning rate a step at first: far enough after the first validation, which is after 4.
DIVERGES_LATE = """
import torch

LEARNED_PARAMETERS = {"offset": (("head", "value"), (0.0, 0.0))}


def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32, *, offset):
    far = (offset.abs() > 0.0084).any(-1, keepdim=True)
    o = beta.unsqueeze(-1) * v + offset.masked_fill(far, float("nan")).unsqueeze(2)
    return o, v.new_zeros(len(v), 1)
"""


def test_a_training_that_diverges_late_is_scored_by_its_best_checkpoint_and_told(tmp_path):
    plan = replace(ONE_TASK.plans[0], epochs=12, validations=6)
    (tmp_path / "late.py").write_text(DIVERGES_LATE)
    card = evaluate(tmp_path / "late.py", replace(ONE_TASK, plans=(plan,)))
    (seed,) = card.tasks["Memorize"].seeds
    assert (seed.ending, seed.curve[-1].finite) == ("diverged", False)
    assert seed.best_step in [point.step for point in seed.curve[:-1]]
    assert 0.0 <= seed.macro == seed.macro_last
    assert card.remarks == ("remark.diverged",)
    assert "best weights before that are scored" in str(Reason(card.remarks[0]))


@pytest.mark.parametrize("name", [TEMPLATE, GATED])
def test_heads_share_the_width_and_each_has_a_memory_of_its_own(name):
    card = evaluate(baseline_path(name), replace(ONE_TASK, heads=4, init="normal"))
    assert card.state_size == 4 * (ONE_TASK.width // 4) ** 2
    assert 0.0 <= card.average <= 1.0


def test_neither_what_a_variant_prints_nor_what_it_forges_disturbs_the_answers(ask):
    noise = r"""
print('{"done": {"trainees": []}}')
garbage = b'\xff\n[1]\n{"progress": 1}\n{"done": 1}\n{"failed": {"kind": "fun", "reason": ""}}\n' + b'[' * 9999 + b'\n'
for pipe in range(3, 20):
    try: torch.os.write(pipe, garbage)
    except OSError: pass
"""
    described, trained = ask(DESCRIBE, TRAIN, at_import=noise)
    assert described["device"] == "cpu"
    (candidate,) = best_of_grid(stacks(ONE_TASK, "cpu")[0], trained)
    assert candidate.ending == "finished"
    assert math.isfinite(candidate.best_point.loss)


POINT = {"step": 4, "training_loss": 1.0, "loss": 1.0, "accuracy": 0.5}


@pytest.mark.parametrize(
    "trainees",
    [
        None,
        [],
        [{"ending": "finished", "curve": []}],
        [{"ending": "finished", "curve": [POINT | {"step": math.inf}]}],
        [{"ending": "finished", "curve": [POINT | {"loss": None}]}],
        [{"ending": "finished", "curve": [POINT]}] * 2,
    ],
)
def test_a_forged_account_of_training_is_a_failure(trainees):
    with pytest.raises(EvaluationFailed, match="crash: the worker's account is garbled"):
        best_of_grid(stacks(ONE_TASK, "cpu")[0], {"trainees": trainees})


@pytest.mark.parametrize("predictions", [None, b"", b"\xff" * 2 * 64 * 16 * 4])
def test_forged_predictions_are_a_failure(job, predictions):
    test = HeldOutTest.draw(0, [Candidate(next(ONE_TASK.replicas()), 0, "finished", ())], ONE_TASK, 1)
    if predictions is not None:
        job.predictions(0).write_bytes(predictions)
    with pytest.raises(EvaluationFailed, match=r"the worker predicted|the worker's account is garbled"):
        test.score(job)


def test_a_watcher_that_fails_is_not_the_variants_fault(tmp_path, job):
    def watch(update):
        raise BrokenPipeError

    job.write(write_variant(tmp_path))
    with pytest.raises(BrokenPipeError):
        WorkerPool(job.folder, 1, time.monotonic() + 60).run([TRAIN], watch)
    assert living(job.folder) == []


def test_an_evaluation_is_of_the_file_as_it_was(job, tmp_path):
    path = write_variant(tmp_path)
    job.write(path)
    before = path.read_text()
    path.write_text("raise SystemExit")
    assert job.variant.read_text() == before
