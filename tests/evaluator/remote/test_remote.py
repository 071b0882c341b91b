"""Networks whose op runs in another process: the same bits, nothing to see there but arguments, and each end told."""

import io
import os
import threading
import time
from contextlib import contextmanager

import pytest
import torch
from safetensors.torch import save_file
from small_evaluations import ONE_TASK, living, write_variant

from agent.core.baselines import GATED, TEMPLATE, baseline_path
from agent.evaluator.contract.boundary import call_op
from agent.evaluator.contract.calls import sample_call
from agent.evaluator.contract.variant import WrongShape, load_variant
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.held_out import Candidate, HeldOutTest
from agent.evaluator.jail.jail import scratch
from agent.evaluator.job import Job
from agent.evaluator.protocols import SMOKE
from agent.evaluator.remote.messages import HEADER, Broken, receive, send
from agent.evaluator.remote.op_host import serve
from agent.evaluator.remote.pairs import carry_out
from agent.evaluator.remote.predictor import Predictor
from agent.evaluator.remote.remote_op import HostFailed, RemoteOp
from agent.evaluator.remote.replay import Replay, choose_replays
from agent.evaluator.training.early_steps import digests_of_steps, steps_told_of
from agent.evaluator.training.stack import Stack, stacks

CPU = torch.device("cpu")
GROUPS = stacks(ONE_TASK, "cpu")
REPLICA = GROUPS[0][0]
PREDICT, REPLAY = {"do": "predict", "stack": 0, "times": 1}, {"do": "replay", "stack": 0, "steps": 2}


@pytest.fixture
def trained(tmp_path):
    """A folder as training leaves it, and where predictions go."""
    with scratch() as folder:
        job = Job(folder, ONE_TASK.to_json(), "cpu")
        rows = Stack(GROUPS[0], load_variant(baseline_path(TEMPLATE)), ONE_TASK, CPU).rows
        save_file({"best": rows, "last": 1.5 * rows}, job.weights(0))
        HeldOutTest.draw(0, [Candidate(REPLICA, 0, "finished", ())], ONE_TASK, 1).write_inputs(job)
        (tmp_path / "into").mkdir()
        yield job


@pytest.fixture
def carried_out(trained, tmp_path):
    """Have a variant answer requests, with real processes."""

    def carried_out(variant, *requests, seconds=60.0):
        into, deadline = tmp_path / "into", time.monotonic() + seconds
        try:
            return carry_out(list(requests), trained, variant, 2, deadline, into)
        finally:
            assert living(trained.folder.parent / "job-") == []

    return carried_out


@contextmanager
def hosted(path, folder):
    """An op at the other end of two pipes, hosted by a thread."""
    job = Job(folder, ONE_TASK.to_json(), "cpu")
    job.write(path)
    (reads, requests), (replies, writes) = os.pipe(), os.pipe()
    with (
        os.fdopen(reads, "rb", 0) as theirs,
        os.fdopen(replies, "rb", 0) as mine,
        os.fdopen(writes, "wb", 0) as answers,
    ):
        with os.fdopen(requests, "wb", 0) as ours:
            thread = threading.Thread(target=serve, args=(job, theirs, answers))
            thread.start()
            yield RemoteOp(ours, mine)
        thread.join()


@pytest.mark.parametrize("name", [TEMPLATE, GATED])
def test_a_remote_op_is_the_op_to_the_bit(name, tmp_path):
    variant = load_variant(baseline_path(name))
    arguments = sample_call(variant.declaration, SMOKE, 3, 13, CPU).arguments()
    cotangent = torch.randn(arguments["v"].shape)
    with hosted(baseline_path(name), tmp_path) as remote:
        here, there = call_op(variant.op, arguments, 8), call_op(remote, arguments, 8)
        assert torch.equal(here.o, there.o)
        assert torch.equal(here.state, there.state)
        for ours, theirs in zip(here.gradients(cotangent), there.gradients(cotangent), strict=True):
            assert torch.equal(ours, theirs)
        carried = call_op(remote, arguments, 8, there.state.detach())
        assert torch.equal(carried.o, call_op(variant.op, arguments, 8, here.state.detach()).o)


def test_what_is_no_longer_needed_is_kept_nowhere(tmp_path):
    variant = load_variant(baseline_path(TEMPLATE))
    arguments = sample_call(variant.declaration, SMOKE, 2, 5, CPU).arguments()
    with hosted(baseline_path(TEMPLATE), tmp_path) as remote:
        for _ in range(3):
            call_op(remote, arguments, 8)
        assert remote.forgotten == [2]
        call_op(remote, arguments, 8)


def test_prediction_elsewhere_is_that_of_one_process_to_the_bit(carried_out, trained, tmp_path):
    template = baseline_path(TEMPLATE)
    _, replayed = carried_out(template, PREDICT, REPLAY)
    predicted = (tmp_path / "into" / trained.predictions(0).name).read_bytes()
    trained.write(template)
    alone = Predictor(trained, load_variant(template).op)
    alone.predict(0, times=1)
    assert predicted == trained.predictions(0).read_bytes()
    assert replayed == alone.replay(0, 2)
    assert len(set(replayed["digests"])) == 2


def test_where_an_op_is_hosted_there_are_neither_inputs_nor_weights(carried_out, tmp_path):
    with pytest.raises(EvaluationFailed, match="OSError") as caught:
        carried_out(write_variant(tmp_path, in_op="raise OSError(*torch.os.listdir())"), PREDICT)
    said = str(caught.value.failure.reason)
    assert "variant.py" in said
    assert not any(name in said for name in ("inputs", "weights", "requests"))
    assert "Traceback" in caught.value.failure.log_tail


@pytest.mark.parametrize(
    ("in_op", "kind", "said"),
    [
        ("torch.os._exit(3)", "crash", r"exit code 3"),
        ("o = o @ k", "crash", r"RuntimeError: .* \(line 6 of the variant\)"),
        ("return o", "wrong shape", r"must return \(o, state\)"),
        ("o = o[:, :, 1:]", "wrong shape", "must be the same"),
    ],
)
def test_each_end_of_an_op_is_told(carried_out, tmp_path, in_op, kind, said):
    with pytest.raises(EvaluationFailed, match=said) as caught:
        carried_out(write_variant(tmp_path, in_op=in_op), *[PREDICT] * 2)
    assert caught.value.failure.kind == kind


def test_an_op_that_looks_ahead_is_found_out_at_a_real_call(carried_out, tmp_path):
    """Which calls are audited is drawn anew each time, so a prediction of few calls may pass now and then."""
    variant = write_variant(tmp_path, in_op="o = o + v.roll(-1, 2) + v.mean(0)")

    def predict(times):
        for _ in range(times):
            carried_out(variant, PREDICT)
            for prediction in (tmp_path / "into").iterdir():
                prediction.unlink()

    with pytest.raises(EvaluationFailed, match="of a real call") as caught:
        predict(10)
    assert caught.value.failure.kind == "refused"


def test_an_op_without_end_is_stopped_at_the_deadline(carried_out, tmp_path):
    with pytest.raises(EvaluationFailed) as caught:
        carried_out(write_variant(tmp_path, in_op="while True: pass"), PREDICT, seconds=6)
    assert caught.value.failure.kind == "timeout"
    assert 'variant.py", line 6 in' in caught.value.failure.log_tail


@pytest.mark.parametrize("forge", [lambda rows: rows[:, 1:], lambda rows: rows.double()])
def test_weights_that_are_none_are_a_failure(carried_out, trained, forge):
    rows = Stack(GROUPS[0], load_variant(baseline_path(TEMPLATE)), ONE_TASK, CPU).rows
    save_file({"best": forge(rows), "last": forge(rows).clone()}, trained.weights(0))
    with pytest.raises(EvaluationFailed, match="the weights are not those of its networks"):
        carried_out(baseline_path(TEMPLATE), PREDICT)


def test_early_steps_taken_again_must_lead_where_the_worker_said():
    variant = load_variant(baseline_path(TEMPLATE))
    digests = digests_of_steps(GROUPS[0], variant, ONE_TASK, CPU, steps_told_of(GROUPS[0]))
    replays = choose_replays(GROUPS, {0: {"early": digests}}, "cpu")
    (replay,) = replays
    replay.check({"digests": digests[: replay.steps]})
    other = digests_of_steps(GROUPS[0], load_variant(baseline_path(TEMPLATE)), ONE_TASK, CPU, 1)
    assert other == digests[:1]
    with pytest.raises(EvaluationFailed, match=r"training of another kind, .*: the first 2 steps"):
        Replay(0, 2, "x", (digests[0], digests[0])).check({"digests": digests[:2]})
    assert choose_replays(GROUPS, {0: {"early": digests}}, "cuda") == []
    for forged in ([], None, digests[:0]):
        with pytest.raises(EvaluationFailed, match="garbled"):
            choose_replays(GROUPS, {0: {"early": forged}}, "cpu")


def test_messages_arrive_as_they_were_sent_and_nothing_else_is_one():
    pipe = io.BytesIO()
    send(pipe, {"do": "x"}, {"a": torch.arange(3), "b": torch.ones(2, 2).T[:1]})
    written = pipe.getvalue()
    facts, tensors = receive(io.BytesIO(written))
    assert facts == {"do": "x"}
    assert torch.equal(tensors["a"], torch.arange(3))
    assert torch.equal(tensors["b"], torch.ones(1, 2))
    assert receive(io.BytesIO(b"")) is None
    for broken in (
        written[:5],
        written[:-1],
        HEADER.pack(1 << 30, 0),
        HEADER.pack(2, 0) + b"[]",
        HEADER.pack(2, 3) + b"{}abc",
    ):
        with pytest.raises(Broken):
            receive(io.BytesIO(broken))


def test_an_answer_that_is_none_is_no_output():
    arguments = sample_call(load_variant(baseline_path(TEMPLATE)).declaration, SMOKE, 2, 5, CPU).arguments()
    good = {"o": torch.zeros(2, 1, 5, 32), "state 0": torch.zeros(2, 1)}
    told = {"states": 1, "tuple": False}
    for facts, tensors in (
        (told, {}),
        (told, good | {"o": torch.zeros(1)}),
        ({}, good),
        ({"states": 2, "tuple": True}, good),
    ):
        answer = io.BytesIO()
        send(answer, facts, tensors)
        with pytest.raises((Broken, WrongShape)):
            call_op(RemoteOp(io.BytesIO(), io.BytesIO(answer.getvalue())), arguments, 8)
    with pytest.raises(Broken, match="gone"):
        call_op(RemoteOp(io.BytesIO(), io.BytesIO()), arguments, 8)
    answer = io.BytesIO()
    send(answer, {"failed": {"kind": "crash", "reason": "x"}}, {})
    with pytest.raises(HostFailed):
        call_op(RemoteOp(io.BytesIO(), io.BytesIO(answer.getvalue())), arguments, 8)
