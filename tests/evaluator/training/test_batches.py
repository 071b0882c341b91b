"""What each replica of a stack sees and in which order, and which replicas make a stack."""

from collections import Counter
from dataclasses import replace
from itertools import chain, pairwise

import pytest
import torch
from sample_inputs import load_baseline
from small_replicas import CPU, NARROW, compress, memorize, recall, replica

from agent.core.baselines import TEMPLATE
from agent.evaluator.protocol import Plan
from agent.evaluator.protocols import MAD, PROTOCOLS, SMOKE
from agent.evaluator.tasks.draw import draw
from agent.evaluator.tasks.task import IGNORE, Setting
from agent.evaluator.training import batches
from agent.evaluator.training.batches import Batches, filled_length, training_examples, validation_examples
from agent.evaluator.training.parameters import Layout
from agent.evaluator.training.stack import TOKENS_A_STEP, Stack, stacks
from agent.evaluator.training.trainer import train

# Twelve tokens of 64: no two examples are alike by chance.
MANY_TOKENS = {examples: compress(vocab=64, examples=examples) for examples in (27, 40)}


def drawn(examples):
    """Examples (N, T) as pairs of tuples that can be counted, those without any target left out."""
    pairs = zip(examples.inputs.tolist(), examples.targets.tolist(), strict=True)
    return [(tuple(inputs), tuple(targets)) for inputs, targets in pairs if set(targets) != {IGNORE}]


def of_row(examples, row):
    return drawn(type(examples)(examples.inputs[row], examples.targets[row]))


def own_draw(each):
    """What a replica is to learn from."""
    setting, seed = each.setting, each.seed
    return drawn(draw(setting, setting.train_examples, split="train", seed=seed, world=seed, device=CPU))


def test_each_epoch_sees_each_example_once_in_a_fresh_order():
    """Of 27 examples, epochs have batches of 16 and 11; of 40, batches of 16, 16 and 8."""
    replicas = [replica(MANY_TOKENS[27]), replica(MANY_TOKENS[40])]
    batches = Batches(replicas, CPU)
    taken = [batches.take(step) for step in range(6)]
    assert all(batch.inputs.shape == batch.targets.shape == (2, 16, 12) for batch in taken)
    for row, sizes in enumerate(([16, 11], [16, 16, 8])):
        seen = [of_row(batch, row) for batch in taken]
        assert [len(batch) for batch in seen] == sizes * (6 // len(sizes))
        epochs = [list(chain(*seen[start : start + len(sizes)])) for start in range(0, 6, len(sizes))]
        expected = own_draw(replicas[row])
        for epoch in epochs:
            assert Counter(epoch) == Counter(expected)
            assert epoch != expected
        assert all(one != other for one, other in pairwise(epochs))


def test_a_replica_sees_the_same_whatever_it_is_stacked_with():
    replicas = [replica(MANY_TOKENS[40]), replica(MANY_TOKENS[27]), replica(MANY_TOKENS[27], seed=1)]
    alone = [Batches([each], CPU) for each in replicas]
    together, staying = Batches(replicas, CPU), [0, 1, 2]
    for step in range(8):
        if step == 3:  # in the middle of an epoch of two, and at the start of one of the third
            together.keep([0, 2], torch.tensor([0, 2]))
            staying = [0, 2]
        batch = together.take(step)
        expected = [of_row(each.take(step), 0) for each in alone]
        assert [of_row(batch, row) for row in range(len(staying))] == [expected[row] for row in staying]


def test_rivals_of_one_seed_see_the_same_and_seeds_differ():
    setting = MANY_TOKENS[40]
    replicas = [replica(setting, rate=1e-3), replica(setting, rate=1e-2, decay=0.1), replica(setting, seed=1)]
    batch = Batches(replicas, CPU).take(0)
    assert of_row(batch, 0) == of_row(batch, 1)
    assert not set(of_row(batch, 0)) & set(of_row(batch, 2))


@pytest.mark.parametrize(
    "setting", [MANY_TOKENS[40], Setting("Context Recall", 64, 12, 40), Setting("Selective Copy", 64, 24, 40, copies=8)]
)
def test_validation_has_no_example_of_training(setting):
    replicas = [replica(setting, seed=seed) for seed in range(3)]
    training, validation = (
        examples.whole(torch.arange(3))
        for examples in (training_examples(replicas, CPU), validation_examples(replicas, 30, CPU))
    )
    assert training.inputs.shape[:2] == (3, 40)
    assert validation.inputs.shape[:2] == (3, 30)
    sequences = [tuple(row) for part in (training, validation) for row in part.inputs.flatten(0, 1).tolist()]
    assert len(set(sequences)) == len(sequences) == 3 * 70


def test_validation_scores_what_the_test_scores():
    """Training on recall has a target everywhere, the test only where a key was shown before."""
    replicas = [replica(recall(64), seed=seed) for seed in range(2)]
    every_next = training_examples(replicas, CPU).whole(torch.arange(2))
    asked = validation_examples(replicas, 30, CPU).whole(torch.arange(2))
    assert (every_next.targets != IGNORE).all()
    assert (asked.targets != IGNORE).any(-1).all()
    assert (asked.targets == IGNORE).float().mean() > 0.5


@pytest.mark.parametrize("test_seed", [0, 1, 1000, -2, 1 << 32, (1 << 32) - 2])
def test_validation_is_no_test_of_any_seed(test_seed):
    """Tests are drawn like validations, from a seed of their own, which a person may choose."""
    each = replica(MANY_TOKENS[40], seed=2)
    test = draw(each.setting, 30, split="test", seed=test_seed + each.seed, world=each.seed, device=CPU)
    validation = validation_examples([each], 30, CPU).whole(torch.arange(1))
    assert not set(of_row(validation, 0)) & set(drawn(test))


@pytest.mark.parametrize(
    ("setting", "training", "validation"),
    [
        (memorize(64), range(1, 12, 2), range(1, 12, 2)),
        (recall(64), range(11), range(2, 11, 2)),
        (Setting("Selective Copy", 8, 12, 40, copies=3), range(9, 12), range(9, 12)),
        (Setting("Selective Copy", 8, 12, 40, copies=1), range(11, 12), range(11, 12)),
        (compress(16), range(12), range(12)),
    ],
    ids=["Memorize", "Context Recall", "Selective Copy", "one copy", "Compress"],
)
def test_the_positions_asked_are_those_with_targets(setting, training, validation):
    replicas = [replica(setting, seed=seed) for seed in range(2)]
    for examples, positions in (
        (training_examples(replicas, CPU), training),
        (validation_examples(replicas, 30, CPU), validation),
    ):
        assert list(range(setting.input_length))[examples.asked] == list(positions)
        targets = examples.whole(torch.arange(2)).targets
        assert int((targets != IGNORE).sum()) == int((targets[:, :, examples.asked] != IGNORE).sum())


def test_positions_asked_of_different_settings_are_those_of_all():
    copies = [Setting("Selective Copy", 8, 12, 40, copies=n) for n in (1, 2)]
    asked = training_examples([replica(memorize(64)), *map(replica, copies)], CPU).asked
    assert asked == slice(1, 12, 1)


def test_memorize_asks_in_validation_for_the_map_of_training():
    replicas = [replica(memorize(64), seed=seed) for seed in range(2)]
    maps = []
    for row in range(2):
        found = {}
        for examples in (training_examples(replicas, CPU), validation_examples(replicas, 30, CPU)):
            for inputs, targets in of_row(examples.whole(torch.arange(2)), row):
                for key, value in zip(inputs[0::2], targets[1::2], strict=True):
                    assert found.setdefault(key, value) == value
        maps.append(found)
    assert maps[0] != maps[1]


# Plans of several batch sizes, lengths and seeds, with a grid, one setting in two plans, and Compress among the rest.
VARIED = replace(
    NARROW,
    name="varied",
    plans=(
        Plan((memorize(), memorize(32), compress()), 3, 16, 2, (1e-3, 1e-2), (0.0, 0.1), 2),
        Plan((memorize(64), recall()), 2, 32, 2, (1e-3,), (0.0, 0.1), 2),
        Plan((compress(16), Setting("Selective Copy", 8, 12, 40, copies=2)), 40, 16, 3, (1e-3,), (0.0,), 2),
    ),
)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("protocol", [*PROTOCOLS.values(), VARIED], ids=[*PROTOCOLS, "varied"])
def test_stacks_cover_each_replica_once_and_keep_rivals_together(protocol, device):
    groups = stacks(protocol, device)
    assert Counter(each for group in groups for each in group) == Counter(protocol.replicas())
    homes = Counter(home for group in groups for home in {(each.setting, each.seed) for each in group})
    assert set(homes.values()) == {1}
    for group in groups:
        shapes = {(each.setting.input_length, each.batch, each.setting.task == "Compress") for each in group}
        assert len(shapes) == 1
        ((length, batch, _),) = shapes
        rivals = len({(each.setting, each.seed) for each in group})
        assert rivals == 1 or len(group) * length * batch <= TOKENS_A_STEP[device]
    amounts = [sum(each.tokens for each in group) for group in groups]
    assert amounts == sorted(amounts, reverse=True)


def test_a_device_that_holds_more_gets_fewer_stacks():
    assert len(stacks(SMOKE, "cuda")) <= len(stacks(SMOKE, "cpu"))
    assert len(stacks(VARIED, "cuda")) < len(stacks(VARIED, "cpu"))


def losses_of(replicas):
    """Of each validation, and of the training before it."""
    curves = [trainee.curve for trainee in train(replicas, load_baseline(TEMPLATE), NARROW, CPU)]
    return [number for point in chain(*curves) for number in (point.training_loss, point.loss, point.accuracy)]


@pytest.mark.parametrize(
    "setting",
    [memorize(), Setting("Context Recall", 8, 16, 40), Setting("Selective Copy", 8, 14, 40, copies=3), compress(13)],
    ids=lambda setting: setting.task,
)
def test_sequences_that_are_filled_up_to_whole_chunks_lose_as_much(monkeypatch, setting):
    """As on a GPU; an autoencoder's are never filled up."""
    monkeypatch.setattr(Layout.initial_row, "__defaults__", (torch.float64,))
    replicas = [replica(setting, steps=8), replica(setting, seed=1, steps=8)]
    as_they_are = losses_of(replicas)
    monkeypatch.setattr(batches, "IN_WHOLE_CHUNKS", {"cpu"})
    filled = training_examples(replicas, CPU, NARROW.chunk_size)
    length = setting.input_length if setting.autoencoder else -(-setting.input_length // 4) * 4
    assert filled.inputs.shape[-1] == length
    assert (filled.targets[:, :, setting.input_length :] == IGNORE).all()
    assert losses_of(replicas) == pytest.approx(as_they_are, rel=1e-6)


def test_what_is_predicted_of_a_sequence_that_is_filled_up_is_as_long_as_it_was(monkeypatch):
    each = replica(recall())
    stack = Stack([each], load_baseline(TEMPLATE), NARROW, CPU)
    inputs = torch.randint(8, (1, 5, 11))
    found = []
    for kinds in (set(), {"cpu"}):
        monkeypatch.setattr(batches, "IN_WHOLE_CHUNKS", kinds)
        found += [torch.cat([logits for _, logits in stack.read(inputs, torch.arange(1))], dim=1)]
    assert found[0].shape == found[1].shape == (1, 5, 11, 8)
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)
    asked = slice(1, None, 3)
    (part,) = (logits for _, logits in stack.read(inputs, torch.arange(1), asked))
    assert torch.equal(part, found[1][:, :, asked])


def test_the_lengths_of_mad_become_powers_of_two_on_a_gpu():
    lengths = {replica.setting.input_length for replica in MAD.replicas() if not replica.setting.autoencoder}
    cuda = torch.device("cuda")
    assert {filled_length(length, MAD.chunk_size, cuda, autoencoder=False) for length in lengths} == {
        32, 128, 256, 512, 1024,
    }  # fmt: skip
    assert filled_length(127, MAD.chunk_size, CPU, autoencoder=False) == 127
    assert filled_length(127, MAD.chunk_size, cuda, autoencoder=True) == 127
