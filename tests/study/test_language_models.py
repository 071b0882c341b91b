"""Tasks are laid beside published language models pair by pair, within one paper."""

import shutil
from dataclasses import fields, replace
from math import log
from statistics import fmean

import pytest

from agent.core.baselines import BASELINES, known_path
from agent.core.resources import MEASURED
from agent.evaluator.protocols import QUICK
from agent.science.measure import LOG_ODDS
from agent.science.noise import read_noise
from agent.study.cells import reached
from agent.study.language_models import PERPLEXITIES, LanguageModel, measured_on_text, orders, published
from agent.study.rows import Table
from agent.study.telling_verbs import language_models
from agent.study.text_rows import TextRow, TextTable

pytestmark = pytest.mark.skipif(not read_noise(QUICK.fingerprint), reason="quick was not measured yet as it is now")
MEMORIZE = "Memorize V1024 L32 n256"
BITS = {"kda": 1.5, "mamba2": 2.0, "delta_net_4layer": 1.0}  # of .54, .98 and .38 of Memorize


def rows():
    return Table(MEASURED / "quick.csv").rows()


def ordered_by_memorize(sign):
    """The known mixers as one paper, whose perplexities fall, or rise, with what each memorizes here."""
    found = reached(QUICK, rows(), LOG_ODDS)
    return [LanguageModel("a paper", name, (10 - sign * fmean(found[name][MEMORIZE].values()),)) for name in BASELINES]


@pytest.mark.parametrize("sign", [1, -1])
def test_what_orders_them_alike_has_the_tau_of_one(sign):
    found = {each.column: each for each in orders(QUICK, rows(), ordered_by_memorize(sign))}
    assert found["Memorize"].tau == sign
    assert found["Memorize"].pairs == len(BASELINES) * (len(BASELINES) - 1) // 2
    assert -1 <= found["Memorize"].low <= found["Memorize"].high <= 1
    assert found["Memorize"].low < found["Memorize"].high  # other seeds would order them otherwise
    assert found["Memorize"].chance < 0.01 < found["Compress"].chance
    assert -1 < sign * found["Selective Copy"].tau < 1
    assert {"memory", "both axes", "average", "Selective Copy at 8 times"} <= found.keys()


def test_only_mixers_of_one_paper_are_laid_side_by_side():
    apart = [LanguageModel(each.mixer, each.mixer, each.losses) for each in ordered_by_memorize(1)]
    assert orders(QUICK, rows(), apart) == []


def test_what_is_not_measured_is_left_out():
    strangers = [LanguageModel("a paper", "measured by nobody", (2.0,)), *ordered_by_memorize(1)[:2]]
    assert {each.pairs for each in orders(QUICK, rows(), strangers)} == {1}


def test_the_published_perplexities_are_of_mixers_on_the_shelf():
    found = published()
    assert all(known_path(each.mixer).exists() for each in found)
    assert len({each.source for each in found}) >= 3
    assert found[0].loss == pytest.approx((log(19.08) + log(17.27)) / 2)
    assert PERPLEXITIES.parent.name == "baselines"


def test_other_seeds_of_the_language_models_widen_the_interval():
    """Three seeds that agree on the mean alone: each of them by itself orders the mixers otherwise."""
    alike = ordered_by_memorize(1)
    wide = [
        replace(each, losses=(each.loss + 9 * sign, each.loss - 9 * sign, each.loss))
        for each, sign in zip(alike, [1, -1] * len(alike), strict=False)
    ]
    (narrow, shaken) = (
        next(order for order in orders(QUICK, rows(), models) if order.column == "Memorize") for models in (alike, wide)
    )
    assert narrow.tau == shaken.tau == 1
    assert shaken.low < narrow.low


def test_language_models_that_were_measured_here_are_compared_by_the_seeds_that_all_have():
    def row(variant, seed, recalled, recalled_4=None):
        facts = {field.name: 0 for field in fields(TextRow)}
        return TextRow(**facts | {"variant": variant, "seed": seed, "recalled": recalled, "recalled_4": recalled_4})

    measured = [row("kda", 0, 1.0, 3.0), row("cyfa", 0, 1.5), row("kda", 1, 2.0), row("cyfa", 2, 1.0)]
    found = {each.mixer: each.losses for each in measured_on_text(measured, "recalled")}
    assert found == {"kda": (1.0,), "cyfa": (1.5,)}
    assert [each.mixer for each in measured_on_text(measured, "recalled", times=4)] == ["kda"]
    assert measured_on_text([row("kda", 0, 1.0), row("cyfa", 1, 1.0)], "recalled") == []
    assert measured_on_text([], "recalled") == []


def test_the_verb_prints_a_table_for_each_kind_of_bytes_that_was_measured(tmp_path, capsys):
    shutil.copy(MEASURED / "quick.csv", tmp_path)
    facts = {field.name: 0 for field in fields(TextRow)} | {"fingerprint": "a", "recalled_4": None, "other_4": None}
    TextTable(tmp_path / "text_small.csv").add(
        [TextRow(**facts | {"variant": name, "recalled": bits, "other": 3 - bits}) for name, bits in BITS.items()]
    )
    language_models(folder=tmp_path)
    told = capsys.readouterr().out
    assert "Published perplexities:\n\n| by | pairs | tau |" in told
    assert "3 models of text-small, bits on recalled bytes:\n\n" in told
    recalled, other = told.split("3 models of text-small, ")[1:]
    assert "| Memorize | 3 | -1.00 |" in recalled  # whose bits rise with what these memorize
    assert "| Memorize | 3 | +1.00 |" in other
    assert "4 times" not in told
