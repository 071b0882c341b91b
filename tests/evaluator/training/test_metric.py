"""Accuracy as MAD reports it, against the same counted one prediction at a time."""

from statistics import fmean

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.evaluator.tasks.task import IGNORE
from agent.evaluator.training.metric import METRIC_BATCH, accuracy, token_losses


def literal_macro(predictions, targets):
    """(N, T) lists of one replica."""
    return fmean(
        macro_of_batch(predictions[start : start + METRIC_BATCH], targets[start : start + METRIC_BATCH])
        for start in range(0, len(targets), METRIC_BATCH)
    )


def macro_of_batch(predictions, targets):
    pairs = [
        (predicted, wanted)
        for predicted_row, wanted_row in zip(predictions, targets, strict=True)
        for predicted, wanted in zip(predicted_row, wanted_row, strict=True)
        if wanted != IGNORE
    ]
    of_class = []
    for label in {token for pair in pairs for token in pair}:
        present = [predicted == wanted for predicted, wanted in pairs if wanted == label]
        of_class.append(sum(present) / len(present) if present else 0.0)
    return fmean(of_class) if of_class else 0.0


def literal_micro(predictions, targets):
    pairs = [
        (predicted, wanted)
        for row in zip(predictions, targets, strict=True)
        for predicted, wanted in zip(*row, strict=True)
        if wanted != IGNORE
    ]
    return fmean(predicted == wanted for predicted, wanted in pairs)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(
    replicas=st.integers(1, 3),
    examples=st.sampled_from([1, 2, 127, 128, 129, 256, 300]),
    length=st.integers(1, 3),
    classes=st.integers(1, 7),
    seen=st.integers(1, 7),
    skill=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
    scored=st.sampled_from([0.05, 0.6, 1.0]),
    seed=st.integers(0, 1000),
)
def test_accuracy_is_the_literal_count(replicas, examples, length, classes, seen, skill, scored, seed):
    """`seen` classes occur in the targets, so that some are predicted but absent, and some neither."""
    chance = torch.Generator().manual_seed(seed)
    shape = (replicas, examples, length)
    targets = torch.randint(min(seen, classes), shape, generator=chance)
    guesses = torch.randint(classes, shape, generator=chance)
    predictions = torch.where(torch.rand(shape, generator=chance) < skill, targets, guesses)
    targets[torch.rand(shape, generator=chance) >= scored] = IGNORE
    targets[:, 0, 0] = 0  # nobody asks for the accuracy of nothing
    ours = accuracy(predictions, targets, classes)
    for row in range(replicas):
        mine, wanted = predictions[row].tolist(), targets[row].tolist()
        assert float(ours.macro[row]) == pytest.approx(literal_macro(mine, wanted), abs=1e-12)
        assert float(ours.micro[row]) == pytest.approx(literal_micro(mine, wanted), abs=1e-12)


def of_one(predictions, targets, classes=4):
    found = accuracy(torch.tensor([predictions]), torch.tensor([targets]), classes)
    return float(found.macro), float(found.micro)


def test_a_class_predicted_but_absent_counts_as_zero():
    assert of_one([[0, 1, 1]], [[0, 1, 1]]) == (1.0, 1.0)
    assert of_one([[0, 1, 2]], [[0, 1, 1]]) == (0.5, pytest.approx(2 / 3))  # classes 0, 1, 2: 1, 1/2, 0
    assert of_one([[0, 1, 2]], [[0, 1, IGNORE]]) == (1.0, 1.0)


def test_rare_classes_weigh_as_much_as_common_ones():
    assert of_one([[0] * 9 + [0]], [[0] * 9 + [1]]) == (0.5, pytest.approx(0.9))


def test_a_partial_last_batch_weighs_as_much_as_a_whole_one():
    right, wrong = [[0]] * METRIC_BATCH, [[1]]
    assert of_one(right + wrong, [[0]] * (METRIC_BATCH + 1)) == (0.5, pytest.approx(128 / 129))


def random_logits(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_token_losses_are_the_mean_cross_entropy_of_each_replica():
    """Replicas with different numbers of scored positions, classes beyond a vocabulary, rows without a target."""
    logits = random_logits(3, 4, 5, 6)
    logits[1, ..., 4:] = -torch.inf
    targets = torch.randint(4, (3, 4, 5), generator=torch.Generator().manual_seed(1))
    targets[0, :, 2:] = IGNORE
    targets[2, 1:] = IGNORE
    logits.requires_grad_()
    losses = token_losses(logits, targets)
    gradient = torch.autograd.grad(losses.sum(), logits)[0]
    for row in range(3):
        own = logits[row].detach().requires_grad_()
        expected = F.cross_entropy(own.flatten(0, 1), targets[row].flatten(), ignore_index=IGNORE)
        torch.testing.assert_close(losses[row], expected, atol=1e-12, rtol=1e-12)
        expected.backward()
        torch.testing.assert_close(gradient[row], own.grad, atol=1e-12, rtol=1e-12)


def test_a_loss_that_is_not_a_number_stays_with_its_replica():
    logits = random_logits(2, 3, 4, 5)
    logits[0, 1, 2] = torch.nan
    targets = torch.zeros(2, 3, 4, dtype=torch.int64)
    logits.requires_grad_()
    losses = token_losses(logits, targets)
    gradient = torch.autograd.grad(losses.sum(), logits)[0]
    assert losses.isnan().tolist() == [True, False]
    assert gradient[0].isnan().any()
    assert gradient[1].isfinite().all()
