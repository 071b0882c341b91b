"""Training as one ordinarily writes it: an nn.Module, a DataLoader and torch.optim, one replica at a time.

What the stacked trainer is held against: the tests ask for the same numbers, the benchmarks for the time.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, SubsetRandomSampler, TensorDataset

from agent.core.score import CurvePoint
from agent.evaluator.contract.variant import Variant
from agent.evaluator.protocol import Protocol, Replica
from agent.evaluator.tasks.task import IGNORE, Examples
from agent.evaluator.training.batches import Batches, Collection, validation_examples
from agent.evaluator.training.metric import METRIC_BATCH, accuracy
from agent.evaluator.training.stack import Stack
from agent.evaluator.training.trainer import Ending
from benchmarks.ordinary_model import Model, load_row, parameter_groups

CPU = torch.device("cpu")


@dataclass
class Outcome:
    """How a training went."""

    model: Model
    curve: list[CurvePoint] = field(default_factory=list)
    ending: Ending | None = None

    @property
    def best(self) -> CurvePoint:
        """Where the validation loss was lowest."""
        return min(self.curve, key=lambda point: point.loss)


def train_ordinary(replica: Replica, variant: Variant, protocol: Protocol, device: torch.device = CPU) -> Outcome:
    """Train one replica from the weights, on the batches and by the rules that it has in a stack."""
    model = starting_model(replica, variant, protocol, device)
    groups = parameter_groups(model, replica.weight_decay)
    optimiser = torch.optim.AdamW(groups, lr=replica.learning_rate, fused=True)
    batches = training_batches(replica, device)
    validation = _of_one(validation_examples([replica], protocol.validation_examples, device))
    outcome, losses, step = Outcome(model), [], 0
    while outcome.ending is None:
        for inputs, targets in batches:
            loss = F.cross_entropy(logits(model, inputs).flatten(0, 1), targets.flatten(), ignore_index=IGNORE)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.detach())
            step += 1
            if step % replica.validate_every == 0 or step == replica.steps:
                unseen, right = validate(model, validation, replica.setting.vocab)
                outcome.curve.append(CurvePoint(step, float(torch.stack(losses).mean()), unseen, right))
                losses.clear()
                outcome.ending = ending(outcome.curve[-1], replica, protocol)
                if outcome.ending:
                    break
    return outcome


def starting_model(replica: Replica, variant: Variant, protocol: Protocol, device: torch.device) -> Model:
    """The model of a replica with the weights that it would begin with in a stack."""
    stack = Stack([replica], variant, protocol, device)
    model = Model(stack.network.architecture, variant).to(stack.rows)
    load_row(model, stack.network.layout, stack.rows[0])
    return model


def training_batches(replica: Replica, device: torch.device) -> DataLoader[tuple[Tensor, ...]]:
    """The replica's examples in the order that it sees them in a stack. The dataset stays on the device."""
    drawn = Batches([replica], device)
    examples = _of_one(drawn.examples)
    order = SubsetRandomSampler(range(len(examples.inputs)), generator=drawn.chances[0])
    # Sampling whole batches indexes the tensors once a batch, not once an example.
    sampler = BatchSampler(order, replica.batch, drop_last=False)
    return DataLoader(TensorDataset(examples.inputs, examples.targets), sampler=sampler, batch_size=None)


def logits(model: Model, tokens: Tensor) -> Tensor:
    """(B, T) tokens -> (B, T, V); a GPU multiplies in bfloat16."""
    with torch.autocast(tokens.device.type, dtype=torch.bfloat16, enabled=tokens.is_cuda):
        return model(tokens).to(model.output.weight.dtype)


@torch.no_grad()
def validate(model: Model, examples: Examples, vocab: int) -> tuple[float, float]:
    """The mean loss and the macro accuracy on unseen examples."""
    loss, predictions = torch.zeros((), device=examples.inputs.device), []
    for inputs, targets in zip(examples.inputs.split(METRIC_BATCH), examples.targets.split(METRIC_BATCH), strict=True):
        read = logits(model, inputs)
        loss += F.cross_entropy(read.flatten(0, 1), targets.flatten(), ignore_index=IGNORE, reduction="sum")
        predictions.append(read.argmax(-1))
    scored = (examples.targets != IGNORE).sum()
    right = accuracy(torch.cat(predictions)[None], examples.targets[None], vocab)
    return float(loss / scored), float(right.macro)


def ending(point: CurvePoint, replica: Replica, protocol: Protocol) -> Ending | None:
    """Whether training is over. The cut rule has no place here: a replica alone has no rival."""
    if not point.finite:
        return "diverged"
    if point.accuracy > protocol.solved_at:
        return "solved"
    return "finished" if point.step >= replica.steps else None


def _of_one(collection: Collection) -> Examples:
    """The examples of the only replica, (N, T)."""
    examples = collection.whole(torch.zeros(1, dtype=torch.int64, device=collection.draw_of.device))
    return Examples(examples.inputs[0], examples.targets[0])
