"""The generators draw from the distribution that the definition describes, not only from its support.

All draws are seeded, so a test here fails always or never; the tolerances are five standard errors and more.
"""

from random import Random

import pytest
import torch
from literal_tasks import literal
from rereading import fuzzy_pairs
from task_settings import SMALL
from torch import Tensor
from torch.nn.functional import one_hot

from agent.evaluator.tasks.draw import draw
from agent.evaluator.tasks.task import IGNORE, Examples, Setting


def drawn(setting: Setting, count: int, split: str = "train") -> Examples:
    return draw(setting, count, split=split, seed=11, world=11, device="cpu")


def simulated(setting: Setting, count: int, split: str) -> Examples:
    chance = Random(f"{setting.label} {split}")
    inputs, targets = zip(*(literal(setting, split, chance) for _ in range(count)), strict=True)
    return Examples(torch.tensor(inputs), torch.tensor(targets))


def features(examples: Examples, vocab: int) -> Tensor:
    """(N, F): which token is where, which follows which, how often tokens return after how long, what is scored."""
    inputs, scored = examples.inputs, (examples.targets != IGNORE).float()
    tokens = one_hot(inputs, vocab).float()
    bigrams = torch.einsum("ntv,ntw->nvw", tokens[:, :-1], tokens[:, 1:])
    returns = torch.stack(
        [(inputs[:, lag:] == inputs[:, :-lag]).float().sum(1) for lag in range(1, inputs.shape[1])], 1
    )
    last_seen = (inputs == inputs[:, -1:]).float()
    counts = torch.stack([scored.sum(1), scored.sum(1) ** 2, (tokens.sum(1) > 0).float().sum(1)], 1)
    return torch.cat([tokens.flatten(1), bigrams.flatten(1), returns, last_seen, scored, counts], 1)


def largest_difference(one: Tensor, two: Tensor) -> float:
    """Of the means of two samples (N, F) of features, in standard errors; rare events are left out."""
    errors = (one.var(0) / len(one) + two.var(0) / len(two)).sqrt()
    common = (one != 0).sum(0) + (two != 0).sum(0) >= 60
    difference = (one.mean(0) - two.mean(0)).abs()
    constant = errors == 0
    assert (difference[constant] == 0).all()
    return float((difference / errors)[common & ~constant].max())


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("setting", SMALL, ids=lambda setting: setting.label)
def test_the_distribution_is_that_of_the_literal_definition(setting, split):
    ours = features(drawn(setting, 12_000, split), setting.vocab)
    theirs = features(simulated(setting, 5_000, split), setting.vocab)
    assert largest_difference(ours, theirs) < 5.5


def fuzzy_features(setting: Setting, examples: Examples) -> Tensor:
    """(N, 6): padding, pairs, where the probe is first shown, distinct keys, mean lengths of keys and of values."""
    rows = []
    for inputs in examples.inputs.tolist():
        pairs = fuzzy_pairs(setting, inputs)
        begin = pairs[0].start
        shown = next(pair.start for pair in pairs if pair.key == pairs[-1].key) - begin
        keys = [len(pair.key) for pair in pairs]
        values = [len(pair.value) for pair in pairs[:-1]]
        distinct = len({pair.key for pair in pairs})
        rows.append([begin, len(pairs), shown, distinct, sum(keys) / len(keys), sum(values) / len(values)])
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("setting", [SMALL[2], Setting("Fuzzy Recall", 8, 17, 1, motif=3)], ids=lambda s: s.label)
def test_fuzzy_pairs_are_laid_out_as_in_the_literal_definition(setting, split):
    ours = fuzzy_features(setting, drawn(setting, 5_000, split))
    theirs = fuzzy_features(setting, simulated(setting, 5_000, split))
    both = [torch.cat([x, x**2], 1) for x in (ours, theirs)]
    assert largest_difference(*both) < 5


def assert_uniform(tokens: Tensor, low: int, high: int) -> None:
    """Independent draws of low, ..., high - 1: each count within five standard errors, and none outside."""
    counts = (tokens.flatten() - low).bincount(minlength=high - low)
    assert len(counts) == high - low
    expected = tokens.numel() / (high - low)
    assert ((counts - expected).abs() < 5 * expected**0.5).all(), counts


def test_tokens_are_uniform():
    assert_uniform(drawn(Setting("Compress", 17, 32, 1), 2_000).inputs[:, :-1], 0, 16)
    assert_uniform(drawn(Setting("Context Recall", 17, 32, 1), 4_000).inputs[:, 0:-1:2], 0, 8)
    assert_uniform(drawn(Setting("Context Recall", 17, 32, 1), 4_000).inputs[:, 1], 8, 17)
    assert_uniform(drawn(Setting("Memorize", 34, 32, 1), 2_000).inputs[:, 0::2], 0, 16)
    assert_uniform(drawn(Setting("Selective Copy", 18, 32, 1, copies=8), 4_000).targets[:, -8:], 0, 16)


def test_the_values_of_two_keys_are_independent_and_uniform():
    """A key's value in Fuzzy Recall is a hash: neighbouring keys must not have related values."""
    setting = Setting("Fuzzy Recall", 13, 64, 1, motif=1)  # 6 keys, 6 values
    values = torch.full((20_000, 6), -1)
    inputs = drawn(setting, 20_000).inputs
    for column in range(setting.length - 1):
        keys, following = inputs[:, column : column + 1], inputs[:, column + 1 : column + 2]
        values = torch.where(one_hot(keys.clamp(max=6), 7)[:, 0, :6].bool().view(-1, 6), following, values)
    for one in range(6):
        for two in range(one):
            both = values[(values[:, one] >= 6) & (values[:, two] >= 6)] - 6
            assert len(both) > 10_000
            assert_uniform(6 * both[:, one] + both[:, two], 0, 36)


def test_motifs_of_a_length_are_uniform():
    """Of 4 tokens there are 4, 12 and 24 motifs of length 1, 2 and 3, and the lengths are equally likely."""
    setting = Setting("Fuzzy Recall", 9, 17, 1, motif=3)
    count: dict[tuple[int, ...], int] = {}
    for inputs in drawn(setting, 12_000).inputs.tolist():
        key = fuzzy_pairs(setting, inputs)[-1].key  # the probe
        count[key] = count.get(key, 0) + 1
    for length, motifs in ((1, 4), (2, 12), (3, 24)):
        of_length = [n for key, n in count.items() if len(key) == length]
        assert len(of_length) == motifs
        expected = 12_000 / 3 / motifs
        assert all(abs(n - expected) < 5 * expected**0.5 for n in of_length)


@pytest.mark.parametrize("noise", [0.0, 0.2, 0.8])
def test_the_fraction_of_noise(noise):
    setting = Setting("Noisy Recall", 32, 64, 1, noise=noise, noise_vocab=16)
    inputs = drawn(setting, 2_000).inputs
    pairs, free = 32 * 2_000, 30 * 2_000  # neither the last pair nor the one that must be real is ever noise
    noisy = (inputs[:, 0::2] >= 16).sum().item()
    assert inputs[:, 0::2].numel() == pairs
    assert abs(noisy - free * noise) <= 5 * (free * noise * (1 - noise)) ** 0.5
    if noise:
        assert_uniform(inputs[:, :-1][inputs[:, :-1] >= 16], 16, 32)


def test_the_last_key_is_uniform_over_the_distinct_keys_shown():
    """With two keys shown, the rarer is asked for as often as the other: once in three sequences of 2 keys, say."""
    setting = Setting("Context Recall", 4, 12, 1)
    keys = drawn(setting, 20_000).inputs[:, 0::2]
    ones = keys[:, :-1].sum(1)
    lopsided = keys[(ones == 1) | (ones == 4)]  # one key four times, the other once
    rarer = (keys[:, :-1].sum(1) == 1).long()[(ones == 1) | (ones == 4)]
    asked_rarer = (lopsided[:, -1] == rarer).float()
    assert len(asked_rarer) > 5_000
    assert abs(asked_rarer.mean() - 0.5) < 5 * 0.5 / len(asked_rarer) ** 0.5
