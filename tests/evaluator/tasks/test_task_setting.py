"""A setting knows its shape and its name, and refuses nonsense."""

from dataclasses import FrozenInstanceError, asdict, replace

import pytest

from agent.core.score import MAD_TASKS
from agent.evaluator.tasks import TASKS
from agent.evaluator.tasks.task import AS_TRAINED, Setting, Variation, register

SOUND = {
    "Compress": Setting("Compress", 16, 32, 100),
    "Context Recall": Setting("Context Recall", 16, 32, 100),
    "Fuzzy Recall": Setting("Fuzzy Recall", 16, 33, 100, motif=3),
    "Memorize": Setting("Memorize", 16, 32, 100),
    "Noisy Recall": Setting("Noisy Recall", 32, 32, 100, noise=0.2, noise_vocab=16),
    "Selective Copy": Setting("Selective Copy", 16, 33, 100, copies=16),
    "Multi-Query Recall": Setting("Multi-Query Recall", 17, 24, 100, pairs=8),
}


def changed(name, **changes):
    return Setting(**(asdict(SOUND[name]) | changes))


def test_every_task_has_a_sound_setting():
    assert tuple(SOUND) == tuple(task.name for task in TASKS)
    assert tuple(task.name for task in TASKS if task.column) == MAD_TASKS


@pytest.mark.parametrize(
    ("task", "changes", "advice"),
    [
        ("Compress", {"task": "Compression"}, "choose one of Compress, Context Recall"),
        ("Compress", {"train_examples": 0}, "train_examples must be at least 1"),
        ("Compress", {"vocab": 1}, "vocab must be at least 2"),
        ("Compress", {"length": 1}, "length must be at least 2"),
        ("Compress", {"noise": 0.1}, "belongs to Noisy Recall: leave it out"),
        ("Compress", {"noise_vocab": 1}, "belongs to Noisy Recall: leave it out"),
        ("Noisy Recall", {"copies": 3}, "belongs to Selective Copy"),
        ("Selective Copy", {"motif": 3}, "belongs to Fuzzy Recall"),
        ("Selective Copy", {"hops": 3}, "hops is an option of no task"),
        ("Context Recall", {"length": 31}, "make length even, such as 32"),
        ("Context Recall", {"length": 2}, "length must be at least 4"),
        ("Context Recall", {"vocab": 1}, "vocab must be at least 2"),
        ("Fuzzy Recall", {"motif": 0}, "motif must be 1, 2 or 3"),
        ("Fuzzy Recall", {"motif": 4}, "motif must be 1, 2 or 3"),
        ("Fuzzy Recall", {"vocab": 6}, "vocab must be at least 7"),
        ("Fuzzy Recall", {"length": 12}, "length must be at least 13"),
        ("Memorize", {"length": 31}, "make length even"),
        ("Memorize", {"vocab": 2}, "vocab must be at least 3"),
        ("Noisy Recall", {"length": 31}, "make length even"),
        ("Noisy Recall", {"noise": 1.0}, "below 1"),
        ("Noisy Recall", {"noise": -0.1}, "at least 0"),
        ("Noisy Recall", {"noise": float("nan")}, "at least 0"),
        ("Noisy Recall", {"noise_vocab": 0}, "noise_vocab must be at least 1"),
        ("Noisy Recall", {"vocab": 17}, "vocab must be at least 18"),
        ("Selective Copy", {"copies": 0}, "copies must be at least 1"),
        ("Selective Copy", {"copies": 17}, "length must be at least 35"),
        ("Selective Copy", {"vocab": 2}, "vocab must be at least 3"),
        ("Multi-Query Recall", {"pairs": 0}, "pairs must be at least 1"),
        ("Multi-Query Recall", {"vocab": 16}, "vocab must be at least 17"),
        ("Multi-Query Recall", {"length": 23}, "length must be at least 24"),
    ],
)
def test_nonsense_is_refused_with_advice(task, changes, advice):
    with pytest.raises(ValueError, match=advice):
        changed(task, **changes)


def test_all_complaints_come_at_once():
    with pytest.raises(ValueError, match=r"vocab must be at least 2; length must be at least 4; .*make length even"):
        Setting("Context Recall", 1, 3, 100)


def test_the_inputs_are_as_long_as_the_length_says_except_where_the_last_token_is_only_a_target():
    lengths = {task: setting.input_length - setting.length for task, setting in SOUND.items()}
    assert lengths == dict.fromkeys(SOUND, 0) | {"Context Recall": -1, "Noisy Recall": -1}


def test_what_a_task_knows_of_longer_sequences():
    assert {task for task, setting in SOUND.items() if setting.lengthens} == {
        "Context Recall",
        "Fuzzy Recall",
        "Noisy Recall",
        "Selective Copy",
    }
    assert Variation(times=8).of(SOUND["Selective Copy"]) == replace(SOUND["Selective Copy"], length=264)


def test_a_variation_changes_the_length_or_the_number_of_pairs_and_nothing_else():
    recall = Setting("Multi-Query Recall", 33, 48, 100, pairs=16)
    assert (recall.pairs, SOUND["Selective Copy"].pairs) == (16, 0)
    assert AS_TRAINED.of(recall) == recall
    assert Variation(pairs=4).of(recall) == Setting("Multi-Query Recall", 33, 48, 100, pairs=4)
    with pytest.raises(ValueError, match="vocab must be at least 65"):
        Variation(pairs=32).of(recall)
    with pytest.raises(ValueError, match="pairs belongs to Multi-Query Recall"):
        Variation(pairs=4).of(SOUND["Selective Copy"])


def test_labels_name_everything_that_differs():
    assert SOUND["Context Recall"].label == "Context Recall V16 L32 n100"
    assert SOUND["Noisy Recall"].label == "Noisy Recall V32 L32 n100 noise0.2 noisevocab16"
    changes = [
        ("Compress", {"vocab": 17}),
        ("Compress", {"length": 34}),
        ("Compress", {"train_examples": 99}),
        ("Fuzzy Recall", {"motif": 2}),
        ("Noisy Recall", {"noise": 0.25}),
        ("Noisy Recall", {"noise_vocab": 15}),
        ("Selective Copy", {"copies": 15}),
    ]
    for task, change in changes:
        assert changed(task, **change).label != SOUND[task].label


def test_a_setting_does_not_change():
    with pytest.raises(FrozenInstanceError):
        SOUND["Compress"].vocab = 3


def test_an_option_that_is_left_out_has_its_default():
    assert Setting("Fuzzy Recall", 16, 33, 100) == Setting("Fuzzy Recall", 16, 33, 100, motif=1)


def test_a_changed_copy_keeps_the_other_options():
    noisier = replace(SOUND["Noisy Recall"], noise=0.4)
    assert noisier.options == {"noise": 0.4, "noise_vocab": 16}
    assert replace(noisier, noise=0.2) == SOUND["Noisy Recall"]


def test_no_two_tasks_have_one_name():
    with pytest.raises(ValueError, match="two tasks with the name 'Compress'"):
        register(TASKS[0])
