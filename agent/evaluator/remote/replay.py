"""Early steps of training, taken again where nothing of the variant runs but its op: to the bit the same on a CPU."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.evaluator.failure import EvaluationFailed, doubting
from agent.evaluator.protocol import Replica
from agent.evaluator.training.early_steps import steps_told_of

REPLAYED = 2  # stacks of an evaluation


@dataclass(frozen=True)
class Replay:
    """Of one stack the first `steps`, and the digests of its weights that the worker told of when it trained it."""

    stack: int
    steps: int
    replica: str  # the first of the stack, by which a failure names it
    told: tuple[str, ...]

    @property
    def request(self) -> dict[str, Any]:
        return {"do": "replay", "stack": self.stack, "steps": self.steps}

    def check(self, answer: Mapping[str, Any]) -> None:
        """Raises EvaluationFailed where the same steps lead elsewhere."""
        for step, (ours, theirs) in enumerate(zip(answer["digests"], self.told, strict=True), start=1):
            if ours != theirs:
                reason = Reason("failure.other_training", {"replica": self.replica, "step": step})
                raise EvaluationFailed(Failure("refused", reason))


def choose_replays(
    groups: Sequence[Sequence[Replica]], trained: Mapping[int, Mapping[str, Any]], device: str
) -> list[Replay]:
    """Which steps are taken again: on a CPU, of some of the trained stacks, drawn after they were trained.

    On another device the same steps give other roundings, and nothing is compared.
    """
    if device != "cpu":
        return []
    chance = random.SystemRandom()
    return [
        _replay(stack, list(groups[stack]), trained[stack], chance)
        for stack in chance.sample(sorted(trained), min(REPLAYED, len(trained)))
    ]


def _replay(stack: int, group: list[Replica], answer: Mapping[str, Any], chance: random.Random) -> Replay:
    steps = chance.randint(1, steps_told_of(group))
    with doubting():
        told = tuple(str(digest) for digest in answer["early"][:steps])
        if len(told) < steps:
            raise ValueError(f"the worker tells of {len(told)} early steps")
    return Replay(stack, steps, group[0].key, told)
