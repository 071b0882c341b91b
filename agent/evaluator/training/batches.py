"""The examples that the replicas of a stack see, and the order in which each sees its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import torch
from torch import Tensor

from agent.evaluator.protocol import Replica, ceil_div
from agent.evaluator.tasks.draw import chance_of, draw
from agent.evaluator.tasks.task import IGNORE, Examples, Setting
from agent.evaluator.training.transfer import to_device


@dataclass
class Collection:
    """Drawn examples, (D, N, T) int32, and which of the D draws belongs to each replica, (R,).

    Replicas of one setting and seed share a draw. A draw of fewer than N examples is filled up with unscored ones, and
    their sequences with unscored positions to T. No position but the `asked` has a target anywhere.
    """

    inputs: Tensor
    targets: Tensor
    draw_of: Tensor
    asked: slice

    @classmethod
    def of(
        cls, replicas: list[Replica], draw_for: Callable[[Replica], Examples], device: torch.device, chunk_size: int
    ) -> "Collection":
        draws: dict[tuple[Setting, int], int] = {}
        examples: list[Examples] = []
        for replica in replicas:
            if replica.grid not in draws:
                draws[replica.grid] = len(examples)
                examples.append(draw_for(replica))
        size = max(len(drawn.inputs) for drawn in examples)
        setting = replicas[0].setting
        length = filled_length(setting.input_length, chunk_size, device, setting.autoencoder)
        inputs, targets = (
            torch.full((len(examples), size, length), fill, dtype=torch.int32, device=device) for fill in (0, IGNORE)
        )
        for row, drawn in enumerate(examples):
            count, own = drawn.inputs.shape
            inputs[row, :count, :own] = drawn.inputs
            targets[row, :count, :own] = drawn.targets
        draw_of = [draws[replica.grid] for replica in replicas]
        asked = asked_positions(targets)
        if asked == slice(0, setting.input_length, 1):  # where all is asked, to leave the rest out costs more
            asked = slice(0, length, 1)
        return cls(inputs, targets, torch.tensor(draw_of, device=device), asked)

    def at(self, index: Tensor) -> Examples:
        """(R, B) places in each replica's draw -> its examples there, (R, B, T) int64."""
        source = self.draw_of[:, None]
        return Examples(self.inputs[source, index].long(), self.targets[source, index].long())

    def whole(self, rows: Tensor) -> Examples:
        """All examples of some replicas, (rows, N, T) int64."""
        return Examples(self.inputs[self.draw_of[rows]].long(), self.targets[self.draw_of[rows]].long())

    def keep(self, kept: Tensor) -> None:
        """Go on with the replicas `kept` alone."""
        self.draw_of = self.draw_of[kept]


def asked_positions(targets: Tensor) -> slice:
    """The narrowest evenly spaced positions among which are all that any example, (D, N, T), has a target at."""
    scored = (targets != IGNORE).flatten(0, 1).any(0).nonzero().flatten().tolist()
    spacing = gcd(*(later - sooner for sooner, later in pairwise(scored)))
    return slice(scored[0], scored[-1] + 1, spacing or 1)


# The kinds of device on which sequences are filled up to whole chunks, so that no op has to do that at each call, and
# lengths such as 127 and 128 are one shape. What is filled in comes last and has no target, so no loss knows of it.
IN_WHOLE_CHUNKS = {"cuda"}


def filled_length(length: int, chunk_size: int, device: torch.device, autoencoder: bool) -> int:
    """To how many positions a sequence is filled up. An autoencoder reads the last one, which must stay the last."""
    if autoencoder or device.type not in IN_WHOLE_CHUNKS:
        return length
    return ceil_div(length, chunk_size) * chunk_size


def training_examples(replicas: list[Replica], device: torch.device, chunk_size: int = 1) -> Collection:
    def drawn(replica: Replica) -> Examples:
        setting, seed = replica.setting, replica.seed
        return draw(setting, setting.train_examples, split="train", seed=seed, world=seed, device=device)

    return Collection.of(replicas, drawn, device, chunk_size)


def validation_examples(replicas: list[Replica], count: int, device: torch.device, chunk_size: int = 1) -> Collection:
    """Examples of the kind that the test has, but another draw: they choose the checkpoint and the end of training."""

    def drawn(replica: Replica) -> Examples:
        seed = replica.seed
        return draw(replica.setting, count, split="validation", seed=seed, world=seed, device=device)

    return Collection.of(replicas, drawn, device, chunk_size)


class Batches:
    """One batch for every replica at each step: epochs in a fresh random order, the last batch of one may be partial.

    A replica's order depends on its own setting and seed alone, so it trains alike whatever it is stacked with.
    """

    def __init__(self, replicas: list[Replica], device: torch.device, chunk_size: int = 1) -> None:
        self.replicas = replicas
        self.device = device
        self.batch = replicas[0].batch
        self.examples = training_examples(replicas, device, chunk_size)
        self.chances = [chance_of(f"order, {replica.setting.label}, {replica.seed}", "cpu") for replica in replicas]
        self.sizes = torch.tensor([replica.setting.train_examples for replica in replicas], device=device)
        self.order = torch.zeros(len(replicas), self.examples.inputs.shape[1], dtype=torch.int64, device=device)

    def take(self, step: int) -> Examples:
        """The batch of a step, counted from 0: (R, B, T). Rows beyond the end of an epoch carry no target."""
        self._begin_epochs(step)
        steps_an_epoch = -(-self.sizes // self.batch)
        place = (step % steps_an_epoch * self.batch)[:, None] + torch.arange(self.batch, device=self.device)
        batch = self.examples.at(self.order.gather(1, place.clamp(max=self.order.shape[1] - 1)))
        if all(replica.setting.train_examples % self.batch == 0 for replica in self.replicas):
            return batch
        beyond = place >= self.sizes[:, None]
        return Examples(batch.inputs, batch.targets.masked_fill(beyond.unsqueeze(-1), IGNORE))

    def _begin_epochs(self, step: int) -> None:
        """A fresh order for each replica whose epoch begins: drawn by the host, and sent as one."""
        rows = [row for row, replica in enumerate(self.replicas) if step % replica.steps_an_epoch == 0]
        if not rows:
            return
        drawn = torch.zeros(len(rows), self.order.shape[1], dtype=torch.int64)
        for place, row in enumerate(rows):
            size = self.replicas[row].setting.train_examples
            drawn[place, :size] = torch.randperm(size, generator=self.chances[row])
        self.order[to_device(torch.tensor(rows), self.device)] = to_device(drawn, self.device)

    def keep(self, kept: Sequence[int], rows: Tensor) -> None:
        """Go on with the replicas `kept` alone; `rows` are the same numbers on the device."""
        self.replicas = [self.replicas[row] for row in kept]
        self.chances = [self.chances[row] for row in kept]
        self.sizes, self.order = self.sizes[rows], self.order[rows]
        self.examples.keep(rows)
