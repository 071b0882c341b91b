"""What a draw depends on, and what it must not depend on."""

from dataclasses import replace

import pytest
import torch
from task_settings import SMALL

from agent.evaluator.tasks.draw import chance_of, draw
from agent.evaluator.tasks.task import Setting

MEMORIZE = Setting("Memorize", 200, 32, 100)
each_task = pytest.mark.parametrize("setting", SMALL, ids=lambda setting: setting.label)


def inputs(setting, *, split="train", seed=0, world=0):
    return draw(setting, 400, split=split, seed=seed, world=world, device="cpu").inputs


def map_of(world, *, split="train", seed=0, **changes):
    """(keys,) the value of every key, -1 where the draw never asked for it."""
    setting = replace(MEMORIZE, **changes)
    examples = draw(setting, 400, split=split, seed=seed, world=world, device="cpu")
    values = torch.full((setting.vocab // 2,), -1)
    values[examples.inputs[:, 0::2]] = examples.targets[:, 1::2]
    return values


@each_task
def test_the_same_arguments_give_the_same_examples_whatever_else_is_drawn(setting):
    torch.manual_seed(1)
    once = draw(setting, 50, split="test", seed=3, world=5, device="cpu")
    torch.manual_seed(2)
    inputs(setting)
    again = draw(setting, 50, split="test", seed=3, world=5, device=torch.device("cpu"))
    assert torch.equal(once.inputs, again.inputs)
    assert torch.equal(once.targets, again.targets)


def test_the_seed_of_a_draw_is_the_same_in_every_process():
    """It is a digest of the name; Python's own hash of a string would change from process to process."""
    assert chance_of("Compress V16 L32 n800, test, seed 0", "cpu").initial_seed() == 16078446967789969280


@each_task
@pytest.mark.parametrize(
    "other",
    [{"split": "test"}, {"split": "validation"}, {"seed": 1}, {"setting": {"train_examples": 99}}],
    ids=["test", "validation", "seed", "setting"],
)
def test_draws_that_differ_in_one_argument_are_independent(setting, other):
    """In two independent draws a row meets its namesake as rarely as it meets any other row."""
    arguments = {"setting": setting, "split": "train", "seed": 0, "world": 0} | other
    if isinstance(arguments["setting"], dict):
        arguments["setting"] = replace(setting, **arguments["setting"])
    one, two = inputs(setting), inputs(**arguments)
    namesakes = (one == two).float().mean(1)
    strangers = (one == two.roll(1, dims=0)).float().mean(1)
    difference = namesakes - strangers
    assert difference.mean().abs() < 5 * difference.std() / len(difference) ** 0.5
    assert not (one == two).all(1).any()


def test_a_world_has_one_map_in_all_its_draws():
    truth = map_of(world=7)
    assert (truth[: (MEMORIZE.vocab - 1) // 2] >= 0).all(), "400 sequences ask for each key"
    for other in ({"split": "test"}, {"seed": 1}, {"length": 64}, {"train_examples": 50}):
        assert torch.equal(truth, map_of(world=7, **other))


def test_worlds_have_unrelated_maps():
    agreeing = (map_of(world=0) == map_of(world=1))[:99].sum()
    assert agreeing <= 8, "of 99 keys about one agrees by chance"


def test_only_memorize_depends_on_the_world():
    for setting in SMALL:
        one, two = (draw(setting, 50, split="train", seed=0, world=world, device="cpu") for world in (0, 1))
        assert torch.equal(one.inputs, two.inputs)
        assert torch.equal(one.targets, two.targets) == (setting.task != "Memorize")


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        draw(MEMORIZE, 0, split="train", seed=0, world=0, device="cpu")
    with pytest.raises(ValueError, match="no split 'exam': train, validation, test"):
        draw(MEMORIZE, 1, split="exam", seed=0, world=0, device="cpu")
