"""Train a stack of replicas to the end of their protocol: the story of one training loop."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from agent.core.score import CurvePoint
from agent.evaluator.contract.boundary import Audit
from agent.evaluator.contract.variant import Variant
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.tasks.task import IGNORE
from agent.evaluator.training.batches import Batches, validation_examples
from agent.evaluator.training.metric import accuracy, token_losses
from agent.evaluator.training.optimiser import StackedAdamW
from agent.evaluator.training.stack import Stack
from agent.evaluator.training.transfer import to_device

Ending = Literal["solved", "finished", "cut", "diverged"]


@dataclass
class Trainee:
    """A replica and what has become of it: the weights of lowest validation loss, and the last ones, (P,) each.

    The last weights of one that diverged are no numbers any more; its best ones stand for them.
    """

    replica: Replica
    best: Tensor
    last: Tensor
    curve: list[CurvePoint] = field(default_factory=list)
    ending: Ending | None = None

    @property
    def best_point(self) -> CurvePoint:
        """Where the best weights stood."""
        return min(self.curve, key=lambda point: point.loss if point.finite else float("inf"))


@dataclass(frozen=True)
class Progress:
    """One validation of one replica, for progress lines and curves."""

    replica: Replica
    point: CurvePoint
    ending: Ending | None


def train(
    replicas: list[Replica],
    variant: Variant,
    protocol: Protocol,
    device: torch.device,
    report: Callable[[Progress], None] = lambda progress: None,
    audit: Audit | None = None,
    after_step: Callable[[int, Tensor], None] = lambda taken, rows: None,
) -> list[Trainee]:
    """Train replicas of one shape together. One that ends leaves, and the rest go on without it.

    `audit` is shown each call of the op; it may refuse the variant. `after_step` is shown the weights of those that
    train, (R, P), after so many steps.
    """
    training = Training(replicas, variant, protocol, device, audit)
    trainees = list(training.trainees)
    while training.trainees:
        training.step()
        after_step(training.taken, training.stack.rows)
        for trainee in training.validate():
            trainee.ending = ending(trainee, trainees, protocol)
            report(Progress(trainee.replica, trainee.curve[-1], trainee.ending))
        training.dismiss()
    return trainees


def ending(trainee: Trainee, trainees: list[Trainee], protocol: Protocol) -> Ending | None:
    """Whether a replica's training is over, after a validation."""
    point, replica, cut = trainee.curve[-1], trainee.replica, protocol.cut
    if not point.finite:
        return "diverged"
    if point.accuracy > protocol.solved_at:
        return "solved"
    if point.step >= replica.steps:
        return "finished"
    if cut and point.step >= cut.after * replica.steps and _behind(trainee, trainees) > cut.margin:
        return "cut"
    return None


def _behind(trainee: Trainee, trainees: list[Trainee]) -> float:
    """How far the accuracy of a replica's checkpoint lies below the best of its own setting and seed.

    A rival that diverged counts by its checkpoint, which can be chosen in this one's place.
    """

    def best(candidate: Trainee) -> float:
        return candidate.best_point.accuracy if any(point.finite for point in candidate.curve) else 0.0

    return max(best(rival) for rival in trainees if rival.replica.grid == trainee.replica.grid) - best(trainee)


class Training:
    """The replicas that still train, with their examples and the optimiser's memory."""

    def __init__(
        self,
        replicas: list[Replica],
        variant: Variant,
        protocol: Protocol,
        device: torch.device,
        audit: Audit | None = None,
    ) -> None:
        self.device = device
        self.stack = Stack(replicas, variant, protocol, device, audit=audit)
        self.trainees = [
            Trainee(replica, row.clone(), row.clone()) for replica, row in zip(replicas, self.stack.rows, strict=True)
        ]
        self.batches = Batches(replicas, device, protocol.chunk_size)
        self.validation = validation_examples(replicas, protocol.validation_examples, device, protocol.chunk_size)
        self.optimiser = StackedAdamW.start(
            self.stack.rows,
            rates=[replica.learning_rate for replica in replicas],
            decays=[replica.weight_decay for replica in replicas],
            decaying=self.stack.network.layout.decaying,
        )
        self.training_loss = torch.zeros(len(replicas), device=device)  # summed since each replica's last validation
        self.taken = 0

    def step(self) -> None:
        """One optimiser step of every replica."""
        losses, gradient = self.stack.gradient(self.batches.take(self.taken), self.batches.examples.asked)
        self.optimiser.step(self.stack.rows, gradient)
        self.training_loss += losses
        self.taken += 1

    def validate(self) -> list[Trainee]:
        """Measure the replicas that are due after this step, and remember the best weights of each."""
        due = [
            row
            for row, trainee in enumerate(self.trainees)
            if self.taken % trainee.replica.validate_every == 0 or self.taken == trainee.replica.steps
        ]
        if not due:
            return []
        rows = to_device(torch.tensor(due), self.device)
        for row, (summed, loss, right) in zip(due, self._measure(rows), strict=True):
            trainee = self.trainees[row]
            since = self.taken - (trainee.curve[-1].step if trainee.curve else 0)
            point = CurvePoint(self.taken, summed / since, loss, right)
            if point.finite and (not trainee.curve or point.loss < trainee.best_point.loss):
                trainee.best = self.stack.rows[row].clone()
            trainee.curve.append(point)
        self.training_loss[rows] = 0.0
        return [self.trainees[row] for row in due]

    def dismiss(self) -> None:
        """Take leave of the replicas that have ended, with their last weights."""
        ended = [trainee.ending is not None for trainee in self.trainees]
        if not any(ended):
            return
        for row, trainee in enumerate(self.trainees):
            if ended[row]:
                trainee.last = trainee.best if trainee.ending == "diverged" else self.stack.rows[row].clone()
        self.trainees = [trainee for trainee in self.trainees if trainee.ending is None]
        kept = [row for row, gone in enumerate(ended) if not gone]
        rows = to_device(torch.tensor(kept, dtype=torch.int64), self.device)
        self.training_loss = self.training_loss[rows]
        self.stack.keep(kept, rows)
        self.batches.keep(kept, rows)
        for part in (self.validation, self.optimiser):
            part.keep(rows)

    def _measure(self, rows: Tensor) -> list[tuple[float, float, float]]:
        """Of some replicas the summed training loss, and the loss and macro accuracy on their validation examples.

        All of it comes from the device at once: to read a number is to wait for all before it.
        """
        examples, asked = self.validation.whole(rows), self.validation.asked
        wanted = examples.targets[:, :, asked]
        predictions = torch.empty_like(wanted)
        summed = torch.zeros(len(rows), device=self.device)
        for part, logits in self.stack.read(examples.inputs, rows, asked):
            targets = wanted[:, part]
            predictions[:, part] = logits.argmax(-1)
            summed += token_losses(logits, targets) * (targets != IGNORE).sum((1, 2))
        losses = summed / (wanted != IGNORE).sum((1, 2))
        right = accuracy(predictions, wanted, max(trainee.replica.setting.vocab for trainee in self.trainees))
        measured: list[tuple[float, float, float]] = torch.stack(
            [self.training_loss[rows].double(), losses.double(), right.macro], dim=1
        ).tolist()
        return measured
