"""Simulated nights: what they conclude is held against a truth that is known."""

from random import Random

import pytest
from made_up_measurements import made_up_measurements

from agent.core.errors import UsageError
from agent.evaluator.protocols import QUICK
from agent.science.confirmation import confirmed
from agent.science.history import History
from agent.science.setting_noise import Noise
from agent.search.assembly import make_catalogue
from agent.study import __main__ as study
from agent.study.nights import ARMS, Bench, Night, conclusion, confirming
from agent.study.nights_table import interval, share_interval, table_of_nights
from agent.study.synthetic import synthetic
from agent.study.truths import TRUTHS, Truth, truth

with made_up_measurements():
    BENCH = Bench(make_catalogue(), synthetic(QUICK), rows=5)
MOVES = sorted(BENCH.catalogue.moves)
QUIET = Noise(1e-6, 10)


@pytest.mark.parametrize("kind", TRUTHS)
def test_only_null_nights_have_nothing_to_find(kind):
    drawn = truth(kind, MOVES, Random(1))
    best = drawn.best(BENCH.catalogue.combinations)
    assert best >= max(0.0, *(drawn.of([move]) for move in MOVES))
    assert (best == 0.0) == (kind == "null")
    assert (not any(drawn.effects.values()) and not drawn.pairs) == (kind == "null")


def test_a_pair_adds_only_where_both_are_held():
    drawn = Truth({"a": 0.1, "b": 0.2, "c": 0.0}, {("a", "b"): -0.5})
    assert drawn.of(["b"]) == 0.2
    assert drawn.of(["b", "a"]) == pytest.approx(-0.2)


@pytest.mark.parametrize("arm", ARMS)
def test_a_null_night_has_no_regret_and_every_claim_is_false(arm):
    night = BENCH.night("null", arm, 3)
    assert night.regret == night.true == 0.0
    assert night.claimed == night.false_claim


@pytest.mark.parametrize("arm", ARMS)
def test_the_same_seed_gives_the_same_night_and_another_seed_another(arm):
    first = BENCH.night("many", arm, 4)
    BENCH.night("many", "search", 7)  # what another night found out must not reach the next
    assert BENCH.night("many", arm, 4) == first
    assert BENCH.night("many", arm, 5) != first
    assert first.regret >= 0.0


class Oracle(Bench):
    """A night that tries the truly best set of moves each time, as far as it was not tried."""

    def _next(self, history, arm, chance):
        found = iter(self.catalogue.combinations.ranked(dict(self.really.effects)))
        tried = {frozenset(run.proposal.moves) for run in history.runs}
        return next(moves for moves, _ in found if moves not in tried)


def test_an_oracle_that_sees_no_noise_has_no_regret():
    quiet = type(BENCH.evaluator)(**vars(BENCH.evaluator) | {"noise": dict.fromkeys(BENCH.evaluator.noise, QUIET)})
    oracle = Oracle(BENCH.catalogue, quiet, rows=2)
    oracle.really = truth("two", MOVES, Random("two 2"))  # as the night draws it
    night = oracle.night("two", "random", 2)
    assert night.regret == pytest.approx(0.0, abs=1e-12)
    assert night.told == pytest.approx(night.true, abs=1e-4)
    assert night.claimed
    assert not night.false_claim


def searched(really: Truth) -> History:
    return BENCH.searched(really, "confirmed", 1, 4)


def test_the_confirming_arm_claims_only_a_winner_on_fresh_seeds():
    really = Truth(dict.fromkeys(MOVES, 0.2), {})
    history = confirming(searched(really), really, BENCH.evaluator, 4)
    assert history.confirmations
    fresh = history.confirmations[history.baseline.id].card.tasks["Memorize"].seeds
    assert not {score.seed for score in fresh} & {score.seed for score in history.baseline.card.tasks["Memorize"].seeds}
    found = conclusion(history, "confirmed")
    assert found.claimed == found.chosen
    assert found.told == confirmed(history, found.chosen).margin
    assert conclusion(searched(really), "confirmed").claimed is None  # no rows were kept: nothing is claimed


def test_a_share_of_nothing_has_an_interval_and_a_single_night_has_none():
    low, high = share_interval(0, 10)
    assert (low, round(high, 3)) == (0.0, 0.278)  # Wilson's
    assert interval([0.5])[1] == float("inf")
    mean, half = interval([0.0, 0.02, 0.04])
    assert (mean, round(half, 4)) == (pytest.approx(0.02), 0.0497)  # 4.303 x 0.02 / sqrt(3)


def test_the_table_counts_claims_and_takes_told_against_true():
    nights = [
        Night("two", "search", 0.01, 0.06, 0.05, True, False),
        Night("two", "search", 0.03, 0.0, 0.03, True, True),
    ]
    line = table_of_nights(nights).splitlines()[2]
    assert line.startswith("| two | search | 2 | 0.0200 ± 0.1271 | -0.0100 ± 0.2541 | 2 (34% to 100%) | 1 (")


def test_regrets_of_the_same_nights_are_compared_in_pairs():
    def nights(arm, *regrets):
        return [Night("two", arm, regret, 0.0, 0.0, False, False) for regret in regrets]

    table = table_of_nights([*nights("random", 0.05, 0.08, 0.06), *nights("confirmed", 0.01, 0.05, 0.02)])
    random, ours = table.splitlines()[2:]
    assert table.splitlines()[0].endswith("| regret beyond confirmed's |")
    assert random.endswith("| 0.0367 \u00b1 0.0143, p = 0.0082 |")  # t = 11 with two degrees of freedom
    assert ours.endswith("|  |")
    null = table_of_nights([*nights("random", 0.0, 0.0), *nights("search", 0.0, 0.0)])
    assert null.splitlines()[2].endswith("| 0.0000 \u00b1 0.0000 |")
    assert "beyond" not in table_of_nights(nights("search", 0.0, 0.0))


def test_the_command_prints_its_table(capsys):
    with made_up_measurements():
        study.nights(count=2, rows=2, truth=["null"], arm=["sweep", "random"], seed=1, protocol="quick")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[:3] for line in lines[2:4]] == [["| null", "random", "2"], ["| null", "sweep", "2"]]
    with made_up_measurements(), pytest.raises(UsageError, match="there is no arm 'luck'"):
        study.nights(arm=["luck"])
