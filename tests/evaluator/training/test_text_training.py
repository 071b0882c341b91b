"""The trainer on text: it learns from the windows that were written down, and of the rates one goes on."""

import pytest
import torch
from small_text import small_protocol, write_text

from agent.core.baselines import TEMPLATE, baseline_path
from agent.evaluator.contract.variant import load_variant
from agent.evaluator.reading import leave_text, reader_of
from agent.evaluator.text.windows import WrittenText
from agent.evaluator.training.early_steps import digests_of_steps
from agent.evaluator.training.trainer import train

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def protocol(tmp_path_factory):
    return small_protocol(write_text(tmp_path_factory.mktemp("text")), steps=40)


@pytest.fixture
def written(protocol, tmp_path):
    leave_text(reader_of(protocol), protocol, tmp_path, list(protocol.replicas()))
    return WrittenText(tmp_path)


def test_it_learns_and_all_rates_but_the_best_leave(protocol, written):
    replicas = list(protocol.replicas())
    trainees = train(replicas, load_variant(baseline_path(TEMPLATE)), protocol, CPU, text=written)
    best, other = sorted(trainees, key=lambda trainee: trainee.curve[0].loss)
    assert (best.ending, len(best.curve)) == ("finished", 4)
    assert (other.ending, len(other.curve)) == ("cut", 1)
    assert best.curve[-1].loss < best.curve[0].loss < torch.tensor(256.0).log()


def test_the_first_steps_need_no_more_than_their_own_windows(protocol, written, tmp_path):
    replicas, template = list(protocol.replicas()), load_variant(baseline_path(TEMPLATE))
    early = tmp_path / "early"
    early.mkdir()
    leave_text(reader_of(protocol), protocol, early, replicas, steps=3)
    told, again = (
        digests_of_steps(replicas, template, protocol, CPU, 3, text) for text in (written, WrittenText(early))
    )
    assert told == again
    assert len({*told}) == 3


def test_text_that_was_not_written_down_is_missed(protocol):
    with pytest.raises(ValueError, match="reads text"):
        train(list(protocol.replicas()), load_variant(baseline_path(TEMPLATE)), protocol, CPU)
