"""A worker's account of what it did, read through a strict form.

A worker runs a variant's code, so it may say anything. What is read here has the fields that are expected, numbers that
are finite and in their range, and endings that are known; anything else raises GarbledAccount, which names the field.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, get_args

from agent.core.score import CurvePoint, Speed
from agent.evaluator.jail.exchange import printable
from agent.evaluator.jail.numbers import GarbledAccount, number, whole
from agent.evaluator.protocol import Replica
from agent.evaluator.training.trainer import Ending

LARGEST_LOSS = 1e6  # a cross-entropy; it begins at the logarithm of the number of classes
FASTEST, SLOWEST = 1e12, 1e-3  # tokens a second
LONGEST_WORDS = 400  # characters


@dataclass(frozen=True)
class Trained:
    """What became of a replica: how its training ended, and its validations in the order of their steps."""

    ending: Ending
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class Described:
    """How fast an op is, on what, with which kernels on a GPU, and whether it needs keys and values of one width."""

    speed: Speed
    device: str
    kernels: str
    equal_widths: bool


def read_trained(said: object, replica: Replica) -> Trained:
    """The account of one replica. Raises GarbledAccount."""
    facts = _fields(said, "trainee", ("ending", "curve"))
    ending = facts["ending"]
    if ending not in get_args(Ending):
        raise GarbledAccount(f"ending: {ending!r:.100} is none of {', '.join(get_args(Ending))}")
    points = facts["curve"]
    if not isinstance(points, list) or not 0 < len(points) <= replica.steps:
        raise GarbledAccount("curve: is no list of validations")
    curve = tuple(_point(point, replica, ending == "diverged" and point is points[-1]) for point in points)
    if any(before.step >= after.step for before, after in pairwise(curve)):
        raise GarbledAccount("curve: its steps do not grow")
    if (ending == "diverged") == curve[-1].finite or (ending == "finished" and curve[-1].step != replica.steps):
        raise GarbledAccount(f"ending: {ending} does not fit the last validation, {curve[-1]}")
    return Trained(ending, curve)


def read_described(said: object) -> Described:
    """The account of an op's speed and of the device. Raises GarbledAccount."""
    facts = _fields(said, "description", ("speed", "device", "kernels", "equal_widths"))
    if type(facts["equal_widths"]) is not bool:
        raise GarbledAccount("equal_widths: is neither true nor false")
    speed = _fields(facts["speed"], "speed", ("op", "baseline_op"))
    op, baseline_op = (number(speed, name, SLOWEST, FASTEST) for name in ("op", "baseline_op"))
    return Described(Speed(op, baseline_op), _words(facts, "device"), _words(facts, "kernels"), facts["equal_widths"])


def _point(said: object, replica: Replica, last_of_diverged: bool) -> CurvePoint:
    facts = _fields(said, "validation", ("step", "training_loss", "loss", "accuracy"))
    step = whole(facts, "step", 1, replica.steps)
    if step % replica.validate_every and step != replica.steps:
        raise GarbledAccount(f"step: there is no validation at {step}")
    read = _loss if last_of_diverged else _finite_loss
    return CurvePoint(step, read(facts, "training_loss"), read(facts, "loss"), number(facts, "accuracy", 0.0, 1.0))


def _finite_loss(facts: Mapping[str, Any], name: str) -> float:
    return number(facts, name, 0.0, LARGEST_LOSS)


def _loss(facts: Mapping[str, Any], name: str) -> float:
    """A loss that may be no number any more, where a training ended for that."""
    found = facts.get(name)
    if type(found) is float and not math.isfinite(found):
        return found
    return number(facts, name, 0.0, math.inf)


def _words(facts: Mapping[str, Any], name: str) -> str:
    """Words that move no cursor; nothing where there are none."""
    found = facts[name]
    if found is None:
        return ""
    if not isinstance(found, str):
        raise GarbledAccount(f"{name}: is no text")
    return printable(found, LONGEST_WORDS)


def _fields(said: object, what: str, names: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(said, dict) or said.keys() != {*names}:
        raise GarbledAccount(f"{what}: has not the fields {', '.join(names)}")
    return said
