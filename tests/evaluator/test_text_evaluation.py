"""A language model from file to card, what is forged on the way, and what a variant can reach of the text."""

import sys
from dataclasses import replace

import pytest
from small_evaluations import write_variant
from small_text import small_protocol, write_text
from typer.testing import CliRunner

from agent.cli.main import app
from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.errors import UsageError
from agent.evaluator import check, evaluation
from agent.evaluator.evaluation import evaluate
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import SMOKE, TEXT_SMALL, refuse_without_columns
from agent.evaluator.text.source import TextSource, read_source
from agent.science.text_words import text_lines

UNTRAINED = 8.0  # bits of a byte that is guessed


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return write_text(tmp_path_factory.mktemp("text"))


@pytest.fixture(scope="module")
def protocol(text):
    return small_protocol(text, steps=40)


@pytest.fixture(scope="module")
def card(protocol):
    return evaluate(baseline_path(TEMPLATE), protocol, test_seed=1)


@pytest.fixture
def ungated(monkeypatch):
    for module in (check, evaluation):
        monkeypatch.setattr(module, "check_code", lambda path: None)


def test_a_card_gives_bits_apart_by_position_and_by_length(card, text):
    score = card.text
    assert score.corpus == read_source(TextSource(str(text))).corpus
    assert score.length == 64
    assert list(score.longer) == [4]
    assert 0 < score.bits_recalled < score.bits_all < score.bits_other < UNTRAINED
    assert [(each.first, each.stop) for each in score.by_position] == [(0, 16), (16, 32), (32, 64)]
    assert score.longer[4].by_position[-1].stop == 256
    assert score.longer[4].bits.recalled_share > score.at(1).bits.recalled_share > 0
    assert score.tokens_a_second > 0


def test_of_the_rates_one_leaves_early_and_the_one_with_less_loss_is_scored(card, protocol):
    (score,) = card.further["Text"].seeds
    rates = protocol.plans[0].learning_rates
    assert score.learning_rate in rates
    assert card.text.seeds[0].learning_rate == score.learning_rate
    assert (score.ending, score.steps) == ("finished", 40)
    assert min(point.loss for point in score.curve) < score.curve[0].loss


def test_text_is_no_column_of_the_table(card):
    assert card.tasks == {}
    with pytest.raises(UsageError, match="makes no row: leave out --name"):
        refuse_without_columns(TEXT_SMALL, "leave out --name")
    refuse_without_columns(SMOKE, "")


FORGED = """
import torch
for name in ("losses-0-1-0.bin", "losses-0-4-0.bin", "predictions-0-1-0.bin", "predictions-0-4-0.bin"):
    try:
        open(name, "wb").write(bytes(4 * 52 * 64))
    except OSError:
        pass
"""


def test_predicted_labels_and_forged_losses_gain_nothing(ungated, card, protocol, tmp_path):
    """Its processes leave files that say that every byte was known: losses of zero, named as the parent's are.

    What is scored is what the honest file scores, to the digit, whatever the test seed: the windows are the same.
    """
    forger = tmp_path / "forger.py"
    forger.write_text(baseline_path(TEMPLATE).read_text() + FORGED)
    assert evaluate(forger, protocol, test_seed=2).text.seeds == card.text.seeds


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has what confines a worker")
def test_a_variant_cannot_read_a_text_of_the_users(ungated, protocol, text, tmp_path):
    held = read_source(TextSource(str(text))).splits["test"][0].path
    thief = write_variant(tmp_path, at_import=f"open({str(held)!r}).read()")
    with pytest.raises(EvaluationFailed, match=r"Permission denied|No such file"):
        evaluate(thief, protocol)


def test_a_text_that_is_another_by_now_is_no_variants_fault(protocol, tmp_path):
    other = replace(protocol, text=replace(protocol.text, digest="0123456789ab"))
    with pytest.raises(UsageError, match="not the text that was meant"):
        evaluate(write_variant(tmp_path), other)


def test_a_score_is_told_in_each_language(card):
    lines = text_lines(card.text)
    assert "windows of 256" in lines[1]["en"]
    assert "窗口长 256" in lines[1]["zh"]
    assert card.text.corpus.digest in lines[-1]["en"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "x"], "makes no row"),
        (["--text", "nowhere"], "neither a folder nor a file nowhere"),
        (["--protocol", "smoke", "--text", "nowhere"], "protocol smoke reads no text"),
    ],
)
def test_what_cannot_be_is_refused_at_once(arguments, said, tmp_path):
    given = ["evaluate", TEMPLATE, "--protocol", "text-small", "--workspace", str(tmp_path), *arguments]
    result = CliRunner().invoke(app, given)
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)


def test_search_toml_may_name_the_text(tmp_path):
    (tmp_path / "search.toml").write_text('text = "mine"\n')
    given = ["evaluate", TEMPLATE, "--protocol", "text-small", "--workspace", str(tmp_path)]
    result = CliRunner().invoke(app, given)
    assert str(tmp_path / "mine") in str(result.exception)


def test_a_search_cannot_be_under_a_protocol_of_text(tmp_path):
    result = CliRunner().invoke(
        app, ["search", "--protocol", "text-small", "--workspace", str(tmp_path), "--allow-unsandboxed", "--runs", "1"]
    )
    assert "has no column of results.csv" in str(result.exception)
    assert not (tmp_path / "runs" / "protocol.json").exists()
