"""A step that is recorded and replayed, by a recorder that keeps operators as a CUDA graph keeps kernels."""

import pytest
import torch
from sample_inputs import load_baseline
from small_replicas import CPU, NARROW, compress, memorize, recall, replica
from taped import TapeRecorder

from agent.core.baselines import GATED, TEMPLATE, baseline_path
from agent.core.errors import UsageError
from agent.evaluator.contract.variant import Variant, VariantRefused
from agent.evaluator.evaluation import evaluate
from agent.evaluator.job import Job
from agent.evaluator.probes.audit import SecretAudits
from agent.evaluator.protocols import SMOKE
from agent.evaluator.training.recording import SIZES, RecordedGradient
from agent.evaluator.training.trainer import Training, train
from agent.evaluator.worker import Worker

delta_net, gated = load_baseline(TEMPLATE), load_baseline(GATED)


def numbers(trainees):
    return [(each.replica, each.ending, each.curve) for each in trainees]


@pytest.mark.parametrize("setting", [recall(), memorize(), compress()], ids=lambda setting: setting.task)
def test_a_recorded_training_is_to_the_bit_the_same(setting):
    replicas = [replica(setting, seed=seed, steps=6, validate_every=3) for seed in range(2)]
    recorder = TapeRecorder()
    recorded = train(replicas, gated, NARROW, CPU, recorder=recorder)
    assert len(recorder.tapes) == 1
    assert numbers(recorded) == numbers(train(replicas, gated, NARROW, CPU))


def test_a_few_sizes_are_recorded_whoever_leaves_and_begins():
    """Eleven replicas, five at once: places are filled again, and rows that are left over idle."""
    replicas = [replica(memorize(), seed=seed, steps=2 + seed % 4, validate_every=2) for seed in range(11)]
    recorder = TapeRecorder()
    recorded = train(replicas, delta_net, NARROW, CPU, at_once=5, recorder=recorder)
    assert len(recorder.tapes) <= 1 + len([size for size in SIZES if size < 5])
    for each, alone in zip(recorded, train(replicas, delta_net, NARROW, CPU, at_once=5), strict=True):
        assert each.ending == alone.ending == "finished"
        assert [point.step for point in each.curve] == [point.step for point in alone.curve]
        assert each.curve[-1].loss == pytest.approx(alone.curve[-1].loss, rel=1e-4)
        torch.testing.assert_close(each.last, alone.last, rtol=1e-3, atol=1e-5)


def test_an_op_that_looks_at_numbers_is_trained_without_a_recording_and_it_is_said_why():
    def op(q, *args, **kwargs):
        float(q.sum())
        return delta_net.op(q, *args, **kwargs)

    replicas = [replica(memorize(), steps=3, validate_every=3)]
    training = Training(replicas, Variant(op, delta_net.declaration), NARROW, CPU, recorder=TapeRecorder())
    for _ in range(3):
        training.step()
    assert training.recorded.trouble == "RuntimeError: operation not permitted when stream is capturing"
    (expected,) = train(replicas, delta_net, NARROW, CPU)
    assert torch.equal(training.stack.rows[0], expected.last)


def test_a_replay_that_says_something_else_is_not_used():
    def recorder(take):
        losses, gradient = take()
        return (losses, gradient), lambda: gradient.mul_(1.1)

    replicas = [replica(memorize(), steps=3, validate_every=3)]
    (trainee,) = train(replicas, delta_net, NARROW, CPU, recorder=recorder)
    assert numbers([trainee]) == numbers(train(replicas, delta_net, NARROW, CPU))


def test_audits_see_calls_as_often_as_without_a_recording_and_refuse_what_they_see():
    seen, looks = [], SecretAudits(delta_net.declaration, NARROW.chunk_size, every=3)
    looks._compare = lambda op, called, again, key, **facts: seen.append(key)
    training = Training(
        [replica(memorize(), steps=40, validate_every=40)], delta_net, NARROW, CPU, looks, recorder=TapeRecorder()
    )
    for _ in range(40):  # of two calls, of which about every fourth is looked at
        training.step()
    assert training.recorded.trouble is None
    assert len(seen) >= 8

    calls = []

    def changing(q, k, v, beta, initial_state=None, chunk_size=32):
        calls.append(len(q))
        o, state = delta_net.op(q, k, v, beta, initial_state, chunk_size)
        return o + 0.1 * len(calls), state

    audit = SecretAudits(delta_net.declaration, NARROW.chunk_size, every=1)
    replicas = [replica(memorize(), steps=40, validate_every=40)]
    with pytest.raises(VariantRefused):
        train(replicas, Variant(changing, delta_net.declaration), NARROW, CPU, audit=audit, recorder=TapeRecorder())


def test_positions_that_are_asked_anew_are_recorded_anew():
    recorder = TapeRecorder()
    training = Training([replica(recall())], delta_net, NARROW, CPU)
    recorded = RecordedGradient(training.stack, recorder)
    batch = training.batches.take(0)
    for asked in (slice(0, 11, 1), slice(0, 11, 1), slice(1, 11, 2)):
        found = [part.clone() for part in recorded(batch, asked)]
        for ours, plain in zip(found, training.stack.gradient(batch, asked), strict=True):
            torch.testing.assert_close(ours, plain, rtol=1e-5, atol=1e-7)
    assert len(recorder.tapes) == 2


def test_where_memory_runs_out_of_a_recorded_step_it_is_recorded_anew_in_parts():
    def op(q, *args, **kwargs):
        if len(q) > 8:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return delta_net.op(q, *args, **kwargs)

    replicas = [replica(memorize(), steps=4, validate_every=2), replica(memorize(), seed=1, steps=4, validate_every=2)]
    recorder = TapeRecorder()
    trainees = train(replicas, Variant(op, delta_net.declaration), NARROW, CPU, recorder=recorder)
    assert len(recorder.tapes) == 1
    for ours, plain in zip(trainees, train(replicas, delta_net, NARROW, CPU), strict=True):
        assert ours.curve[-1].loss == pytest.approx(plain.curve[-1].loss, rel=1e-4)


def test_the_card_says_whether_steps_were_recorded_and_a_cpu_records_none(tmp_path):
    protocol = SMOKE.only(("Memorize",))
    job = Job(tmp_path, protocol.to_json(), "cpu", recorded=True)
    job.write(baseline_path(TEMPLATE))
    worker = Worker(Job.read(tmp_path), load_baseline(TEMPLATE))
    assert worker.job.recorded
    assert worker.recorder is None
    worker.recorder = TapeRecorder()
    assert worker._recording() == "steps recorded"

    def cannot(take):
        raise RuntimeError("operation not permitted when stream is capturing")

    worker.recorder = cannot
    trouble = "RuntimeError: operation not permitted when stream is capturing"
    assert worker._recording() == f"steps not recorded ({trouble})"
    with pytest.raises(UsageError, match="--recorded is for a GPU"):
        evaluate(baseline_path(TEMPLATE), protocol, "cpu", recorded=True)
