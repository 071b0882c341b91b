"""Measuring language models: what is missing, what a kill leaves, the yardstick, and the table in pairs of seeds."""

from concurrent.futures import Future
from dataclasses import replace

import pytest
import torch
from sample_cards import sample_card
from sample_text import sample_text, sample_text_seed
from small_text import small_protocol, write_text

from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.evaluator.failure import EvaluationFailed
from agent.study.text import measure_text, missing
from agent.study.text_rows import TextTable, measured_alike, row_of
from agent.study.text_table import text_table
from agent.study.transformer import TRANSFORMER, measure_transformer, softmax_attention

FACTS = {"parameters": 100, "state_bytes": 64, "seconds": 1.5, "device": "cpu", "versions": "torch 2"}


@pytest.fixture(scope="module")
def protocol(tmp_path_factory):
    return small_protocol(write_text(tmp_path_factory.mktemp("text")), seeds=2)


@pytest.fixture
def table(tmp_path):
    return TextTable(tmp_path / "text_small.csv")


class Scripted:
    """An executor whose evaluations say what they are told to."""

    device, places = "cpu", 2

    def __init__(self, fails=()):
        self.fails, self.asked = fails, []

    def submit(self, assignment, watch=None):
        seed = assignment.protocol.plans[0].first_seed
        self.asked.append(seed)
        future = Future()
        if seed in self.fails:
            future.set_exception(EvaluationFailed(Failure("crash", Reason.said("it crashed"))))
        else:
            score = sample_text(sample_text_seed(seed, recalled=1.0 + seed))
            future.set_result(replace(sample_card(), text=score, state_bytes=64))
        return future


def test_rows_are_read_as_they_were_written_and_none_is_there_twice(protocol, table):
    row = row_of("kda", protocol, sample_text(sample_text_seed(3)), **FACTS)
    table.add([row])
    assert table.rows() == [row]
    assert (row.all, row.recalled, row.all_4) == (2.0, 1.0, 1.5)
    with pytest.raises(ValueError, match="kda, seed 3: is in"):
        table.add([row])
    table.add([replace(row, seed=4, recalled=None)])
    assert [each.recalled for each in table.rows()] == [1.0, None]


def test_what_failed_is_told_and_measured_when_it_is_next_started(protocol, table):
    said = []
    measure_text(table, protocol, [TEMPLATE], Scripted(fails=[1]), None, said.append)
    assert [row.seed for row in table.rows()] == [0]
    assert any("crash: it crashed" in line for line in said)
    assert [part.plans[0].first_seed for _, part in missing(table, protocol, [TEMPLATE])] == [1]
    again = Scripted()
    measure_text(table, protocol, [TEMPLATE], again, None, said.append)
    assert again.asked == [1]
    assert missing(table, protocol, [TEMPLATE]) == []
    measure_text(table, protocol, ["kda"], Scripted(), 0.0, said.append)  # no time is left
    assert len(table.rows()) == 2


def test_a_first_seed_of_each_comes_before_a_second_of_any(protocol, table):
    found = [(mixer, part.plans[0].first_seed) for mixer, part in missing(table, protocol, ["a", "b"])]
    assert found == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]


def test_mixers_stand_beside_the_template_in_pairs_of_seeds(protocol, table):
    def row(name, seed, recalled):
        return row_of(name, protocol, sample_text(sample_text_seed(seed, recalled=recalled)), **FACTS)

    rows = [row(TEMPLATE, 0, 1.0), row(TEMPLATE, 1, 1.4), row("kda", 0, 0.8), row("kda", 1, 1.3)]
    table.add([replace(row("other text", 0, 9.0), fingerprint="0" * 12), *rows])
    assert table.of(protocol) == measured_alike(table.rows()) == rows
    text = text_table(table.of(protocol))
    assert "| kda | 2 |" in text
    assert "0.150 \u00b1 0.050" in text
    assert "other text" not in text


def test_the_yardstick_is_softmax_attention_and_sees_nothing_that_comes_later(protocol):
    q, k, v = torch.randn(3, 2, 1, 12, 8, generator=torch.Generator().manual_seed(1))
    o, _ = softmax_attention(q, k, v, torch.ones(2, 1, 12))
    changed, _ = softmax_attention(q, k, torch.cat([v[:, :, :7], v[:, :, 7:] + 1], 2), torch.ones(2, 1, 12))
    assert torch.equal(o[:, :, :7], changed[:, :, :7])
    assert not torch.equal(o[:, :, 7:], changed[:, :, 7:])
    assert torch.allclose(o[:, :, 0], v[:, :, 0])
    shifted, _ = softmax_attention(q[:, :, :1].expand_as(q), k[:, :, :1].expand_as(k), v, torch.ones(2, 1, 12))
    assert not torch.allclose(shifted[:, :, -1], v.mean(2), atol=1e-3)  # it knows how far back each lies


def test_the_yardstick_is_trained_and_tested_as_a_variant_is(protocol):
    rows = measure_transformer(protocol.part({next(protocol.replicas()).grid}), "cpu")
    assert [(row.variant, row.seed) for row in rows] == [(TRANSFORMER, 0)]
    assert 0 < rows[0].all < 8
    assert rows[0].fingerprint == protocol.setting_fingerprint(protocol.plans[0].settings[0])
