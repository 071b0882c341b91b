"""The examples that the replicas of a stack see, and the order in which each sees its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import torch
import torch.nn.functional as F
from torch import Tensor

from agent.evaluator.protocol import Replica, ceil_div
from agent.evaluator.tasks.draw import chance_of, draw
from agent.evaluator.tasks.task import IGNORE, Examples, Reader, Setting
from agent.evaluator.text.windows import WrittenText, as_examples
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
    draws: list[int]  # the same as `draw_of`, for the host
    draw_for: Callable[[Replica], Examples]

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
        draw_of = [draws[replica.grid] for replica in replicas]
        collection = cls(inputs, targets, torch.tensor(draw_of, device=device), slice(None), draw_of, draw_for)
        for row, drawn in enumerate(examples):
            collection._write(row, drawn)
        collection.asked = asked_positions(targets, setting.input_length)
        return collection

    def _write(self, draw: int, drawn: Examples) -> None:
        count, length = drawn.inputs.shape
        self.inputs[draw, :count, :length] = drawn.inputs
        self.targets[draw, :count, :length] = drawn.targets
        self.targets[draw, count:] = IGNORE

    def at(self, index: Tensor) -> Examples:
        """(R, B) places in each replica's draw -> its examples there, (R, B, T) int64."""
        source = self.draw_of[:, None]
        return Examples(self.inputs[source, index].long(), self.targets[source, index].long())

    def whole(self, rows: Tensor) -> Examples:
        """All examples of some replicas, (rows, N, T) int64."""
        return Examples(self.inputs[self.draw_of[rows]].long(), self.targets[self.draw_of[rows]].long())

    def keep(self, kept: Sequence[int], rows: Tensor) -> None:
        """Go on with the replicas `kept` alone; `rows` are the same numbers on the device."""
        self.draw_of = self.draw_of[rows]
        self.draws = [self.draws[row] for row in kept]

    def begin(self, row: int, replica: Replica) -> None:
        """Another replica takes the place of one, with a draw of its own."""
        drawn = self.draw_for(replica)
        count, size = len(drawn.inputs), self.inputs.shape[1]
        if count > size:
            self.inputs = F.pad(self.inputs, (0, 0, 0, count - size))
            self.targets = F.pad(self.targets, (0, 0, 0, count - size), value=IGNORE)
        others = {draw for place, draw in enumerate(self.draws) if place != row}
        draw = next((draw for draw in range(len(self.inputs)) if draw not in others), len(self.inputs))
        if draw == len(self.inputs):  # replicas of one setting and seed had one in common
            self.inputs = torch.cat([self.inputs, torch.zeros_like(self.inputs[:1])])
            self.targets = torch.cat([self.targets, torch.full_like(self.targets[:1], IGNORE)])
        self._write(draw, drawn)
        self.draws[row] = draw
        self.draw_of[row] = draw
        self.asked = asked_positions(self.targets, replica.setting.input_length)


def asked_positions(targets: Tensor, length: int) -> slice:
    """The narrowest evenly spaced positions among which are all that any example, (D, N, T), has a target at.

    Where all of the `length` positions before those that are filled in have one, T: to leave the rest out costs more.
    """
    scored = (targets != IGNORE).flatten(0, 1).any(0).nonzero().flatten().tolist()
    spacing = gcd(*(later - sooner for sooner, later in pairwise(scored)))
    asked = slice(scored[0], scored[-1] + 1, spacing or 1)
    return slice(0, targets.shape[-1], 1) if asked == slice(0, length, 1) else asked


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


def validation_examples(
    replicas: list[Replica], count: int, device: torch.device, chunk_size: int = 1, text: Reader | None = None
) -> Collection:
    """Examples of the kind that the test has, but another draw: they choose the checkpoint and the end of training."""

    def drawn(replica: Replica) -> Examples:
        seed = replica.seed
        return draw(replica.setting, count, split="validation", seed=seed, world=seed, device=device, text=text)

    return Collection.of(replicas, drawn, device, chunk_size)


class Batches:
    """One batch for every replica at each step: epochs in a fresh random order, the last batch of one may be partial.

    A replica's order depends on its own setting and seed alone, so it trains alike whatever it is stacked with.
    """

    def __init__(self, replicas: list[Replica], device: torch.device, chunk_size: int = 1) -> None:
        self.replicas = list(replicas)
        self.device = device
        self.batch = replicas[0].batch
        self.examples = training_examples(replicas, device, chunk_size)
        self.chances = [_chance_of_order(replica) for replica in replicas]
        self.sizes = torch.tensor([replica.setting.train_examples for replica in replicas], device=device)
        self.order = torch.zeros(len(replicas), self.examples.inputs.shape[1], dtype=torch.int64, device=device)
        self.begun = [0] * len(replicas)  # how many steps had been taken when each began
        self.begun_there: Tensor | None = None  # the same on the device, (R,); None while all began at once

    @property
    def asked(self) -> slice:
        """The positions that have targets."""
        return self.examples.asked

    def take(self, step: int) -> Examples:
        """The batch of a step, counted from 0: (R, B, T). Rows beyond the end of an epoch carry no target."""
        self._begin_epochs(step)
        steps_an_epoch = -(-self.sizes // self.batch)
        own = step if self.begun_there is None else step - self.begun_there
        place = (own % steps_an_epoch * self.batch)[:, None] + torch.arange(self.batch, device=self.device)
        batch = self.examples.at(self.order.gather(1, place.clamp(max=self.order.shape[1] - 1)))
        if all(replica.setting.train_examples % self.batch == 0 for replica in self.replicas):
            return batch
        beyond = place >= self.sizes[:, None]
        return Examples(batch.inputs, batch.targets.masked_fill(beyond.unsqueeze(-1), IGNORE))

    def _begin_epochs(self, step: int) -> None:
        """A fresh order for each replica whose epoch begins: drawn by the host, and sent as one."""
        rows = [
            row
            for row, (replica, begun) in enumerate(zip(self.replicas, self.begun, strict=True))
            if (step - begun) % replica.steps_an_epoch == 0
        ]
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
        self.begun = [self.begun[row] for row in kept]
        self.sizes, self.order = self.sizes[rows], self.order[rows]
        self.begun_there = None if self.begun_there is None else self.begun_there[rows]
        self.examples.keep(kept, rows)

    def begin(self, row: int, replica: Replica, step: int) -> None:
        """Another replica takes the place of one, and its first batch is that of this step."""
        if self.begun_there is None:
            self.begun_there = torch.zeros(len(self.replicas), dtype=torch.int64, device=self.device)
        self.begun_there[row] = self.begun[row] = step
        self.replicas[row], self.chances[row] = replica, _chance_of_order(replica)
        self.sizes[row] = replica.setting.train_examples
        self.examples.begin(row, replica)
        self.order = F.pad(self.order, (0, self.examples.inputs.shape[1] - self.order.shape[1]))


def _chance_of_order(replica: Replica) -> torch.Generator:
    return chance_of(f"order, {replica.setting.label}, {replica.seed}", "cpu")


class TextBatches:
    """One batch of windows for every replica at each step, in the order in which they were written down.

    They stay in their files, as bytes, until a step takes them. Replicas of one setting and seed read the same.
    """

    asked = slice(None)  # every byte has one that follows

    def __init__(self, replicas: list[Replica], device: torch.device, text: WrittenText) -> None:
        self.replicas = replicas
        self.device = device
        self.batch = replicas[0].batch
        self.text = text
        self.windows = {grid: text.training(*grid) for grid in {replica.grid for replica in replicas}}
        self.begun = [0] * len(replicas)  # how many steps had been taken when each began

    def take(self, step: int) -> Examples:
        """The batch of a step, counted from 0: (R, B, T). After its last window a text begins again."""
        rows = []
        for replica, begun in zip(self.replicas, self.begun, strict=True):
            place = ((step - begun) * self.batch + torch.arange(self.batch)) % replica.setting.train_examples
            rows.append(self.windows[replica.grid][place])
        return as_examples(to_device(torch.stack(rows), self.device))

    def keep(self, kept: Sequence[int], rows: Tensor) -> None:
        """Go on with the replicas `kept` alone; `rows` are the same numbers on the device."""
        self.replicas = [self.replicas[row] for row in kept]
        self.begun = [self.begun[row] for row in kept]

    def begin(self, row: int, replica: Replica, step: int) -> None:
        """Another replica takes the place of one, and its first batch is that of this step."""
        self.replicas[row], self.begun[row] = replica, step
        self.windows.setdefault(replica.grid, self.text.training(*replica.grid))


def batches_of(
    replicas: list[Replica], device: torch.device, chunk_size: int, text: WrittenText | None
) -> Batches | TextBatches:
    """The batches of a stack. ValueError where it reads text and none was written down for it."""
    if not replicas[0].setting.reads_text:
        return Batches(replicas, device, chunk_size)
    if text is None:
        raise ValueError(f"{replicas[0].setting.label} reads text: say where it was written down")
    return TextBatches(replicas, device, text)
