"""Every example keeps the rules of its task, and its targets follow from its inputs."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rereading import reread
from task_settings import MAD, SMALL, settings_of

from agent.evaluator.tasks import TASKS
from agent.evaluator.tasks.draw import draw
from agent.evaluator.tasks.task import Examples, Setting

SPLITS = ("train", "test")


def whole_map(setting: Setting, world: int) -> dict[int, int]:
    """Key to value, read off one large draw of Memorize."""
    if setting.task != "Memorize":
        return {}
    seen = draw(setting, 200, split="train", seed=10**6, world=world, device="cpu")
    scored = seen.targets[:, 1::2].flatten().tolist()
    return dict(zip(seen.inputs[:, 0::2].flatten().tolist(), scored, strict=True))


def check_all(setting: Setting, split: str, examples: Examples, value_of: dict[int, int]) -> None:
    for inputs, targets in zip(examples.inputs.tolist(), examples.targets.tolist(), strict=True):
        assert targets == reread(setting, split, inputs, value_of)


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("task", [task.name for task in TASKS if task.name != "Memorize"])
@given(data=st.data(), seed=st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_targets_follow_from_inputs(task, split, data, seed):
    setting = data.draw(settings_of(task))
    check_all(setting, split, draw(setting, 8, split=split, seed=seed, world=0, device="cpu"), {})


@given(vocab=st.integers(3, 40), half_length=st.integers(1, 20), seed=st.integers(0, 99), world=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_memorize_asks_for_one_map_in_every_sequence_and_both_splits(vocab, half_length, seed, world):
    setting = Setting("Memorize", vocab, 2 * half_length, 100)
    half, value_of = (vocab - 1) // 2, {}
    for split in SPLITS:
        examples = draw(setting, 20, split=split, seed=seed, world=world, device="cpu")
        for inputs, targets in zip(examples.inputs.tolist(), examples.targets.tolist(), strict=True):
            for key, value in zip(inputs[0::2], targets[1::2], strict=True):
                assert value_of.setdefault(key, value) == value
            assert targets == reread(setting, split, inputs, value_of)
    assert all(half <= value < vocab - 1 for value in value_of.values())
    assert len(set(value_of.values())) == len(value_of), "one to one"


@pytest.mark.parametrize("setting", MAD, ids=lambda setting: setting.label)
def test_every_setting_of_the_benchmark(setting):
    for split in SPLITS:
        examples = draw(setting, 3, split=split, seed=1, world=1, device="cpu")
        assert examples.inputs.shape == examples.targets.shape == (3, setting.input_length)
        assert examples.inputs.dtype == examples.targets.dtype == torch.int64
        if setting.task != "Memorize":
            check_all(setting, split, examples, {})


def test_the_benchmark_has_66_settings():
    assert len(MAD) == len({setting.label for setting in MAD}) == 66


@pytest.mark.parametrize("setting", SMALL, ids=lambda setting: setting.label)
def test_rules_hold_across_the_blocks_of_a_large_draw(setting, monkeypatch):
    monkeypatch.setattr("agent.evaluator.tasks.draw.BLOCK_TOKENS", 8 * setting.length)
    examples = draw(setting, 30, split="test", seed=4, world=0, device="cpu")
    assert examples.inputs.shape == (30, setting.input_length)
    assert len(examples.inputs.unique(dim=0)) == 30, "the blocks are different draws"
    check_all(setting, "test", examples, whole_map(setting, world=0))


def test_noisy_recall_always_shows_a_key():
    setting = Setting("Noisy Recall", 20, 8, 100, noise=0.99, noise_vocab=16)
    check_all(setting, "test", draw(setting, 500, split="test", seed=0, world=0, device="cpu"), {})
