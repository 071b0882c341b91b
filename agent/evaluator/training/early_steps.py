"""The first steps of a training, told by the digests of its weights: to the bit on a CPU, they can be taken again."""

import hashlib

import torch
from torch import Tensor

from agent.evaluator.contract.variant import Variant
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.text.windows import WrittenText
from agent.evaluator.training.trainer import Training

EARLY_STEPS = 6  # whose weights a training tells of


def steps_told_of(replicas: list[Replica]) -> int:
    """How many: no replica has left a stack before its first validation."""
    return min(EARLY_STEPS, *(min(replica.validate_every, replica.steps) for replica in replicas))


def digest(rows: Tensor) -> str:
    """Of the weights of all replicas of a stack."""
    return hashlib.sha256(rows.cpu().numpy().tobytes()).hexdigest()


def digests_of_steps(
    replicas: list[Replica],
    variant: Variant,
    protocol: Protocol,
    device: torch.device,
    steps: int,
    text: WrittenText | None = None,
) -> list[str]:
    """Train a stack for so many steps, and tell of its weights after each."""
    training = Training(replicas, variant, protocol, device, text=text)
    found = []
    for _ in range(steps):
        training.step()
        found.append(digest(training.stack.rows))
    return found
