"""Windows are what the files hold, each seed's own in training, and the same for all in a test."""

import pytest
import torch
from small_text import write_text

from agent.core.errors import UsageError
from agent.evaluator.tasks.draw import draw
from agent.evaluator.tasks.task import Setting
from agent.evaluator.text.source import TextSource, read_source
from agent.evaluator.text.windows import TextReader, WrittenText

SETTING = Setting("Text", 256, 40, 300)


@pytest.fixture
def reader(tmp_path):
    return TextReader(read_source(TextSource(str(write_text(tmp_path / "text")))))


def whole(reader, split):
    documents = reader.text.splits[split]
    return b"".join(document.path.read_bytes()[document.start : document.stop] for document in documents)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_window_is_read_from_the_files_end_to_end(reader, split):
    text = whole(reader, split)
    places = [*range(0, len(text) - 41, 7), len(text) - 41, 3]
    windows = reader.windows(split, 40, places)
    assert [bytes(row.tolist()) for row in windows] == [text[place : place + 41] for place in places]


def test_training_is_the_seeds_own_and_a_test_is_spread_evenly_over_its_files(reader):
    one, again, other = (reader.places("train", 40, 300, seed) for seed in (1, 1, 2))
    assert one == again != other
    last = len(whole(reader, "test")) - 41
    places = reader.places("test", 40, 5, 1)
    assert places == reader.places("test", 40, 5, 2)
    assert (places[0], places[-1]) == (0, last)
    assert max(reader.places("train", 40, 3000, 0)) <= len(whole(reader, "train")) - 41


def test_targets_are_the_bytes_that_follow(reader):
    found = draw(SETTING, 20, split="test", seed=0, world=0, device="cpu", text=reader)
    assert torch.equal(found.inputs[:, 1:], found.targets[:, :-1])
    assert found.inputs.shape == (20, 40)
    with pytest.raises(ValueError, match="give `draw` a text"):
        draw(SETTING, 20, split="test", seed=0, world=0, device="cpu")


def test_what_is_written_down_for_training_is_what_was_read_and_nothing_of_the_test(reader, tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    written = reader.write(folder, SETTING, [3, 4], validations=6, rows=300)
    assert sorted(folder.iterdir()) == sorted(written)
    text = WrittenText(folder)
    windows = text.training(SETTING, 3)
    assert torch.equal(windows, reader.windows("train", 40, reader.places("train", 40, 300, 3)))
    assert not torch.equal(windows, text.training(SETTING, 4))
    validated = text.examples(SETTING, 6, "validation", 0)
    assert torch.equal(validated.inputs, reader.examples(SETTING, 6, "validation", 0).inputs)
    with pytest.raises(ValueError, match="no examples of the test"):
        text.examples(SETTING, 6, "test", 0)
    # A line of a held-out file names it, and stands in no other.
    held = whole(reader, "test").split(b"\n\n")
    assert held
    for path in written:
        data = path.read_bytes()
        assert not any(line in data for line in held if len(line) > 20)


def test_the_first_steps_alone_may_be_written_down(reader, tmp_path):
    reader.write(tmp_path, SETTING, [3], validations=6, rows=16)
    early = WrittenText(tmp_path).training(SETTING, 3)
    assert torch.equal(early, reader.windows("train", 40, reader.places("train", 40, 300, 3)[:16]))


def test_a_file_that_became_shorter_is_told(reader):
    document = reader.text.splits["train"][0]
    document.path.write_text("")
    with pytest.raises(UsageError, match="changed while it was read"):
        reader.windows("train", 40, [0])
