"""How much trains at once by a GPU's memory, and whose fault it is where that is too little for anything."""

import pytest
import torch
from small_replicas import CPU

from agent.evaluator import speed
from agent.evaluator import worker as worker_module
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.job import Job
from agent.evaluator.protocols import MAD, SMOKE
from agent.evaluator.training import room
from agent.evaluator.training.room import logits_at_once, parts_of_a_batch, replicas_at_once, rows_at_once
from agent.evaluator.training.stack import stacks
from agent.evaluator.worker import Worker, diagnose

CUDA = torch.device("cuda")
GIB = 1 << 30
NEEDY = """
import torch

def delta_rule_chunkwise(q, k, v, beta, initial_state=None, chunk_size=32):
    if q.shape[2] >= 16:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9.00 GiB")
    return v * beta.unsqueeze(-1), q.new_zeros(q.shape[0], q.shape[1], 1)
"""


@pytest.mark.parametrize(("gib", "most"), [(12, 4), (16, 5), (24, 8), (141, 16)])
def test_a_gpu_trains_as_many_at_once_as_it_has_memory_for(monkeypatch, gib, most):
    monkeypatch.setattr(room, "memory", lambda device: gib * GIB)
    for group in stacks(MAD, "cuda"):
        at_once, length = replicas_at_once(group, CUDA), group[0].setting.input_length
        assert 1 <= at_once <= len(group)
        tokens = at_once * group[0].batch * length
        assert at_once == 1 or tokens * room.HELD_A_TOKEN <= room.SHARE * gib * GIB
        if length in (127, 128) and len(group) >= most:
            assert at_once == most
        assert replicas_at_once(group, CPU) == len(group)
        parts = parts_of_a_batch(group[0], CUDA)
        rows = -(-group[0].batch // parts)
        assert rows * length * room.HELD_A_TOKEN <= room.SHARE * gib * GIB
        assert parts == 1 or at_once == 1
    assert logits_at_once(1 << 28, CUDA) == min(1 << 28, gib << 24)


@pytest.mark.parametrize(
    ("template_fits", "expected"), [(True, "failure.raised_at_line"), (False, "failure.gpu_too_small")]
)
def test_a_card_that_is_too_small_for_the_template_is_not_the_variants_fault(
    tmp_path, monkeypatch, template_fits, expected
):
    monkeypatch.setattr(worker_module, "fits", lambda *given: template_fits)
    variant = tmp_path / "needy.py"
    variant.write_text(NEEDY)
    (tmp_path / "job").mkdir()
    job = Job(tmp_path / "job", SMOKE.only(("Memorize",)).to_json(), "cpu")
    job.write(variant)
    worker = Worker(job, load_variant(job.variant))
    with pytest.raises(EvaluationFailed) as failed:
        worker.train(0, lambda message: None)
    kind, reason = diagnose(failed.value, job.variant)
    assert (kind, reason.key) == ("out of memory", expected)


def test_the_speed_of_an_op_is_measured_at_the_batch_that_a_gpu_trains_on_most(monkeypatch):
    monkeypatch.setattr(room, "memory", lambda device: 16 * GIB)
    seen = set()

    def timed(variant, protocol, device, rows, length):
        seen.add((rows, length))
        return 1.0

    monkeypatch.setattr(speed, "_seconds", timed)
    speed.measure_speed(None, MAD, CUDA)
    ((rows, length),) = seen
    first = stacks(MAD, "cuda")[0]
    assert length == first[0].setting.input_length
    assert rows == rows_at_once(first, CUDA) <= replicas_at_once(first, CUDA) * first[0].batch
    assert rows * length * room.HELD_A_TOKEN <= room.SHARE * 16 * GIB
