"""Accuracy as MAD reports it, and the plain fraction beside it."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from agent.evaluator.tasks.task import IGNORE

METRIC_BATCH = 128


@dataclass(frozen=True)
class Accuracy:
    """Of R sets of predictions, (R,) each, float64."""

    macro: Tensor
    micro: Tensor


def accuracy(predictions: Tensor, targets: Tensor, classes: int) -> Accuracy:
    """Judge (R, N, T) predicted classes by (R, N, T) targets; positions whose target is IGNORE do not count.

    Macro: in each batch of 128 examples, the correct over the present of each class, averaged over the classes that
    occur in targets or predictions (one predicted but absent counts as zero); then averaged over the batches.
    """
    macro = torch.stack(
        [
            _macro(predicted, wanted, classes)
            for predicted, wanted in zip(
                predictions.split(METRIC_BATCH, dim=1), targets.split(METRIC_BATCH, dim=1), strict=True
            )
        ]
    )
    scored = targets != IGNORE
    correct = (predictions == targets) & scored
    return Accuracy(macro.mean(0), correct.sum((1, 2)).double() / scored.sum((1, 2)))


def _macro(predictions: Tensor, targets: Tensor, classes: int) -> Tensor:
    """(R, B, T) twice -> (R,)."""
    scored = targets != IGNORE
    # Each replica counts in bins of its own; what is not scored falls into one bin more, which is dropped.
    first = torch.arange(len(targets), device=targets.device)[:, None, None] * (classes + 1)

    def count(tokens: Tensor, counted: Tensor) -> Tensor:
        bins = (torch.where(counted, tokens, classes) + first).flatten()
        # Not bincount, which makes the host wait to learn how many bins there are.
        counts = torch.zeros(len(targets) * (classes + 1), dtype=torch.int64, device=targets.device)
        return counts.scatter_add_(0, bins, torch.ones_like(bins)).view(-1, classes + 1)[:, :classes]

    wanted, predicted = count(targets, scored), count(predictions, scored)
    correct = count(targets, scored & (predictions == targets))
    occurs = (wanted + predicted) > 0
    return (correct.double() / wanted.clamp(min=1)).sum(1) / occurs.sum(1).clamp(min=1)


def token_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of each replica over its scored positions: (R, B, T, V), (R, B, T) -> (R,)."""
    losses = F.cross_entropy(logits.flatten(0, 2), targets.flatten(), ignore_index=IGNORE, reduction="none")
    scored = (targets != IGNORE).flatten(1).sum(1)
    return losses.view(len(targets), -1).sum(1) / scored
