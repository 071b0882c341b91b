"""Train a stack of replicas to the end of their protocol: the story of one training loop."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from agent.core.score import CurvePoint
from agent.evaluator.contract.boundary import Audit
from agent.evaluator.contract.variant import Variant
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.tasks.task import IGNORE, Examples
from agent.evaluator.text.windows import WrittenText
from agent.evaluator.training.batches import batches_of, validation_examples
from agent.evaluator.training.leaving import lies_too_far_behind
from agent.evaluator.training.metric import accuracy, token_losses
from agent.evaluator.training.optimiser import StackedAdamW
from agent.evaluator.training.recording import SIZES, RecordedGradient, Recorder
from agent.evaluator.training.schedule import shares
from agent.evaluator.training.stack import Stack
from agent.evaluator.training.transfer import to_device
from agent.evaluator.training.validations import is_due

Ending = Literal["solved", "finished", "cut", "left", "diverged"]


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
    at_once: int | None = None,
    recorder: Recorder | None = None,
    text: WrittenText | None = None,
) -> list[Trainee]:
    """Train replicas of one shape together, all or so many `at_once`. One that ends leaves, and one that waits begins.

    `audit` is shown each call of the op; it may refuse the variant. `after_step` is shown the weights of those that
    train, (R, P), after so many steps. With a `recorder` a step is recorded once for each size of the stack. `text` is
    what settings that read text are trained on.
    """
    training = Training(replicas, variant, protocol, device, audit, at_once, recorder, text)
    while training.live:
        training.step()
        after_step(training.taken, training.stack.rows)
        for trainee in training.validate():
            trainee.ending = ending(trainee, training.all, protocol)
            report(Progress(trainee.replica, trainee.curve[-1], trainee.ending))
        training.dismiss()
    return training.all


def fits(replica: Replica, variant: Variant, protocol: Protocol, device: torch.device) -> bool:
    """Whether a GPU has the memory for a step of one replica alone."""
    try:
        Training([replica], variant, protocol, device).step()
    except torch.OutOfMemoryError:
        return False
    return True


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
    return "left" if lies_too_far_behind(trainee.curve, protocol.template_curve(replica)) else None


def _behind(trainee: Trainee, trainees: list[Trainee]) -> float:
    """How far a replica's checkpoint lies behind the best of its own setting and seed.

    A rival that diverged counts by its checkpoint, which can be chosen in this one's place.
    """

    def best(candidate: Trainee) -> float:
        return merit(candidate.replica, candidate.best_point) if any(p.finite for p in candidate.curve) else -math.inf

    return max(best(rival) for rival in trainees if rival.replica.grid == trainee.replica.grid) - best(trainee)


def merit(replica: Replica, point: CurvePoint) -> float:
    """By what the points of a grid are compared: their accuracy; of text their loss, which says more."""
    return -point.loss if replica.setting.reads_text else point.accuracy


class Training:
    """The replicas that train now, with their examples and the optimiser's memory, and those that wait for a place.

    `all` are all of them, in the order in which they were given. One that waits has a curve without a point.
    """

    def __init__(
        self,
        replicas: list[Replica],
        variant: Variant,
        protocol: Protocol,
        device: torch.device,
        audit: Audit | None = None,
        at_once: int | None = None,
        recorder: Recorder | None = None,
        text: WrittenText | None = None,
    ) -> None:
        self.device, self.protocol = device, protocol
        begun = replicas[:at_once]
        self.stack = Stack(begun, variant, protocol, device, audit=audit, group=replicas)
        nothing = torch.empty(0)
        self.all = [Trainee(replica, nothing, nothing) for replica in replicas]
        self.trainees = self.all[: len(begun)]  # by their rows
        self.waiting = deque(self.all[len(begun) :])
        for trainee, row in zip(self.trainees, self.stack.rows, strict=True):
            trainee.best = trainee.last = row.clone()
        self.batches = batches_of(begun, device, protocol.chunk_size, text)
        self.validation = validation_examples(begun, protocol.validation_examples, device, protocol.chunk_size, text)
        self.optimiser = StackedAdamW.start(
            self.stack.rows,
            rates=[replica.learning_rate for replica in begun],
            decays=[replica.weight_decay for replica in begun],
            decaying=self.stack.network.layout.decaying,
            later=[replica.weight_decay for replica in replicas],
        )
        self.training_loss = torch.zeros(len(begun), device=device)  # summed since each replica's last validation
        self.taken = 0
        self.recorded = recorder and RecordedGradient(self.stack, recorder)
        self.gradient = self.recorded or self.stack.gradient

    @property
    def live(self) -> bool:
        """Whether any replica trains."""
        return any(trainee.ending is None for trainee in self.trainees)

    def step(self) -> None:
        """One optimiser step of every replica.

        Where memory runs out, half of them wait, and begin anew later; the batch of a single one is taken in parts.
        """
        batch = self.batches.take(self.taken)
        while (found := self._gradient(batch)) is None:
            if len(self.trainees) == 1:
                self.stack.divide()
            else:
                kept = self._set_half_aside()
                batch = Examples(batch.inputs[kept], batch.targets[kept])
        losses, gradient = found
        self.optimiser.step(self.stack.rows, gradient, self._shares())
        self.training_loss += losses
        self.taken += 1

    def _shares(self) -> Tensor | None:
        """What each row takes of its rate in this step, (R, 1); None where it is all."""
        steps = [(self._own_step(row), trainee.replica.steps) for row, trainee in enumerate(self.trainees)]
        found = shares(self.protocol.schedule, steps)
        return None if found is None else to_device(found, self.device)

    def _gradient(self, batch: Examples) -> tuple[Tensor, Tensor] | None:
        """None where memory is too small for so much at once; of a single sequence that is an error."""
        try:
            return self.gradient(batch, self.batches.asked)
        except torch.OutOfMemoryError:
            if len(self.trainees) == 1 and self.stack.parts >= self.batches.batch:
                raise
            return None

    def _set_half_aside(self) -> Tensor:
        """Have the later half of the rows wait for another turn; the rows that are left, on the device."""
        kept = list(range(-(-len(self.trainees) // 2)))
        for trainee in reversed(self.trainees[len(kept) :]):
            if trainee.ending is None:
                trainee.curve.clear()
                self.waiting.appendleft(trainee)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return self._keep(kept)

    def validate(self) -> list[Trainee]:
        """Measure the replicas that are due after this step, and remember the best weights of each."""
        due = [
            row
            for row, trainee in enumerate(self.trainees)
            if trainee.ending is None and is_due(trainee.replica, self._own_step(row), self.protocol, self.device)
        ]
        if not due:
            return []
        rows = to_device(torch.tensor(due), self.device)
        for row, (summed, loss, right) in zip(due, self._measure(rows), strict=True):
            trainee, own = self.trainees[row], self._own_step(row)
            since = own - (trainee.curve[-1].step if trainee.curve else 0)
            point = CurvePoint(own, summed / since, loss, right)
            if point.finite and (not trainee.curve or point.loss < trainee.best_point.loss):
                trainee.best = self.stack.rows[row].clone()
            trainee.curve.append(point)
        self.training_loss[rows] = 0.0
        return [self.trainees[row] for row in due]

    def _own_step(self, row: int) -> int:
        return self.taken - self.batches.begun[row]

    def dismiss(self) -> None:
        """Take leave of the replicas that have ended, with their last weights; those that wait take their places."""
        ended = [row for row, trainee in enumerate(self.trainees) if trainee.ending is not None]
        for row in ended:
            trainee = self.trainees[row]
            trainee.last = trainee.best if trainee.ending == "diverged" else self.stack.rows[row].clone()
        refilled = ended[: len(self.waiting)]
        for row in refilled:
            self._begin(row, self.waiting.popleft())
        if len(ended) > len(refilled):
            self._shrink(ended[len(refilled) :])

    def _shrink(self, ended: list[int]) -> None:
        """Go on without rows that have ended; where steps are recorded some idle, so that there are few sizes."""
        left = [row for row in range(len(self.trainees)) if row not in ended]
        sizes = [size for size in SIZES if size >= len(left)] if self.recorded else []
        idle = ended[: min(sizes, default=len(left)) - len(left)]
        for row in idle:
            self.trainees[row] = replace(self.trainees[row])  # what becomes of it is nobody's any more
        if len(left) + len(idle) < len(self.trainees):
            self._keep(sorted([*left, *idle]))

    def _begin(self, row: int, trainee: Trainee) -> None:
        """A replica that waited takes a row."""
        replica = trainee.replica
        self.trainees[row] = trainee
        self.stack.begin(row, replica)
        trainee.best = trainee.last = self.stack.rows[row].clone()
        self.batches.begin(row, replica, self.taken)
        self.validation.begin(row, replica)
        self.optimiser.begin(row, replica.learning_rate, replica.weight_decay)
        self.training_loss[row] = 0.0

    def _keep(self, kept: list[int]) -> Tensor:
        """Go on with some rows alone; the same numbers on the device."""
        self.trainees = [self.trainees[row] for row in kept]
        rows = to_device(torch.tensor(kept, dtype=torch.int64), self.device)
        self.training_loss = self.training_loss[rows]
        for part in (self.stack, self.batches, self.validation):
            part.keep(kept, rows)
        self.optimiser.keep(rows)
        return rows

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
