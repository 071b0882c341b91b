"""At which steps a replica is validated: at all that its protocol has, or on a GPU at as many as early exit needs.

A validation reads the examples forward alone, which is a third of what a training step does with as many. Against
c, what one costs in units of the training between two, stands what is trained in vain when a replica that is solved is
told so late: d/2 of these units, with a validation at every d-th. A training that ends after m units is shortest for
m c / d + d / 2 at its least, which is d = sqrt(2 m c). So they come ever more rarely.
"""

from collections.abc import Set
from functools import cache

import torch

from agent.evaluator.protocol import Protocol, Replica

# The kinds of device on which there are fewer. Each one that is left out is one checkpoint less to choose from.
FEWER = {"cuda"}
FORWARD = 1 / 3  # of what a step costs


def is_due(replica: Replica, step: int, protocol: Protocol, device: torch.device) -> bool:
    """Whether a replica is validated after so many steps of its own."""
    if step == replica.steps:
        return True
    whole, rest = divmod(step, replica.validate_every)
    if rest or device.type not in FEWER:
        return not rest
    return whole in _due(replica.steps // replica.validate_every, _cost(replica, protocol))


def _cost(replica: Replica, protocol: Protocol) -> float:
    """Of a validation, in units of the training between two."""
    return FORWARD * protocol.validation_examples / (replica.validate_every * replica.batch)


@cache
def _due(count: int, cost: float) -> Set[int]:
    """Which of so many validations there are."""
    due, place = set(), 1
    while place <= count:
        due.add(place)
        place += max(1, round((2 * place * cost) ** 0.5))
    return due
