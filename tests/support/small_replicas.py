"""Replicas that train in a second: few tokens, a narrow network."""

import torch

from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.tasks.task import Setting
from agent.evaluator.training.stack import Stack

CPU = torch.device("cpu")
NARROW = Protocol("narrow", "tests", plans=(), width=16, inner=24, chunk_size=4, validation_examples=40, solved_at=0.9)


def replica(setting, seed=0, batch=16, steps=12, validate_every=4, rate=5e-3, decay=0.0):
    return Replica(setting, seed, batch, steps, validate_every, rate, decay)


def recall(vocab=8, examples=40):
    return Setting("Context Recall", vocab, 12, examples)


def memorize(vocab=16, examples=40):
    return Setting("Memorize", vocab, 12, examples)


def compress(vocab=8, examples=40):
    return Setting("Compress", vocab, 12, examples)


def rough_stack(replicas, variant, protocol):
    """A stack in double precision. No weight, gain or bias stands where it starts, or forgetting one would not show."""
    rows = Stack(replicas, variant, protocol, CPU).rows.double()
    noise = torch.randn(rows.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return Stack(replicas, variant, protocol, CPU, rows + 0.1 * noise)
