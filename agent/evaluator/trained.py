"""The probe of what was trained: in the networks as they are scored, the op still does what was asked of it before.

An op cannot know beforehand what trained networks hand to it. They are run here up to their ops, with an op that only
records, on what they are tested on; the variant then answers for itself in fresh processes, as a whole and in pieces.
"""

import secrets
from collections.abc import Sequence

from safetensors.torch import load

from agent.evaluator.failure import doubting
from agent.evaluator.held_out import HeldOutTest
from agent.evaluator.jail.exchange import take
from agent.evaluator.job import Job
from agent.evaluator.probes.op_under_test import CPU, OpUnderTest, record_calls, recording_variant
from agent.evaluator.probes.probe_calls import ProbeCall
from agent.evaluator.probes.streaming import check_streams
from agent.evaluator.protocol import Replica
from agent.evaluator.training.stack import Stack

NETWORKS = 6  # drawn from all that are scored
SEQUENCES = 2  # for each
# Of the largest output, in float32: what training makes of an op may lose more than random arguments do. What needs the
# past tokens loses all of it.
LOST_WHEN_TRAINED = 1e-3


def probe_trained(op: OpUnderTest, tests: Sequence[HeldOutTest], groups: Sequence[Sequence[Replica]], job: Job) -> None:
    """Stream a few trained networks. Raises ProbeFailed, or EvaluationFailed where there are no such weights."""
    chance = secrets.SystemRandom()
    scored = [(test, place) for test in tests for place in range(len(test.candidates))]
    calls = [
        call
        for test, place in chance.sample(scored, min(NETWORKS, len(scored)))
        for call in _calls_of(op, test, place, groups[test.stack], job)
    ]
    check_streams(op, calls, LOST_WHEN_TRAINED)


def _calls_of(op: OpUnderTest, test: HeldOutTest, place: int, group: Sequence[Replica], job: Job) -> list[ProbeCall]:
    """What one trained network hands to its ops when it reads its test."""
    stack = Stack(list(group), recording_variant(op.declaration), op.protocol, CPU)
    size = stack.rows.numel() * stack.rows.element_size()
    with doubting():
        rows = load(take(job.weights(test.stack), 2 * size + (1 << 20)))["best"]
        if rows.shape != stack.rows.shape or rows.dtype != stack.rows.dtype or not rows.isfinite().all():
            raise ValueError("the weights are not those of its networks")
    stack.rows = rows
    inputs = test.examples[place].inputs[:SEQUENCES]
    return record_calls(stack, test.candidates[place].row, inputs, op.chunk)
