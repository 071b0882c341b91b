"""How the learning rate goes on over a training."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from agent.evaluator.protocol import Schedule

WARM_UP = 50  # steps
LAST = 0.05  # of the rate, at the end of a cosine


def share_of_rate(schedule: Schedule, step: int, steps: int) -> float:
    """What a step, counted from 0, takes of the rate (Loshchilov and Hutter 2017, arXiv 1608.03983, without restarts).

    It rises over WARM_UP steps, as the means of AdamW are poor at first, and falls to LAST.
    """
    if schedule == "constant":
        return 1.0
    fallen = LAST + (1 - LAST) * 0.5 * (1 + math.cos(math.pi * step / steps))
    return min(1.0, (step + 1) / WARM_UP) * fallen


def shares(schedule: Schedule, steps: Sequence[tuple[int, int]]) -> Tensor | None:
    """Of each row, (R, 1), by the step it takes and how many it has; None where each takes all of its rate."""
    if schedule == "constant":
        return None
    return torch.tensor([[share_of_rate(schedule, step, of)] for step, of in steps])
