"""Tasks are laid beside published language models pair by pair, within one paper."""

from math import exp, log
from statistics import fmean

import pytest

from agent.core.baselines import BASELINES, known_path
from agent.core.resources import MEASURED
from agent.evaluator.protocols import QUICK
from agent.science.measure import LOG_ODDS
from agent.science.noise import read_noise
from agent.study.cells import reached
from agent.study.language_models import PERPLEXITIES, Published, orders, published
from agent.study.rows import Table

pytestmark = pytest.mark.skipif(not read_noise(QUICK.fingerprint), reason="quick was not measured yet as it is now")
MEMORIZE = "Memorize V1024 L32 n256"


def rows():
    return Table(MEASURED / "quick.csv").rows()


def ordered_by_memorize(sign):
    """The known mixers as one paper, whose perplexities fall, or rise, with what each memorizes here."""
    found = reached(QUICK, rows(), LOG_ODDS)
    return [Published("a paper", name, (exp(10 - sign * fmean(found[name][MEMORIZE].values())),)) for name in BASELINES]


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
    apart = [Published(each.mixer, each.mixer, each.perplexities) for each in ordered_by_memorize(1)]
    assert orders(QUICK, rows(), apart) == []


def test_what_is_not_measured_is_left_out():
    strangers = [Published("a paper", "measured by nobody", (2.0,)), *ordered_by_memorize(1)[:2]]
    assert {each.pairs for each in orders(QUICK, rows(), strangers)} == {1}


def test_the_published_perplexities_are_of_mixers_on_the_shelf():
    found = published()
    assert all(known_path(each.mixer).exists() for each in found)
    assert len({each.paper for each in found}) >= 3
    assert found[0].loss == pytest.approx((log(19.08) + log(17.27)) / 2)
    assert PERPLEXITIES.parent.name == "baselines"
