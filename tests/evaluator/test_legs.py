"""Legs: nested parts of a row, which joined are the row to the digit."""

from dataclasses import replace

import pytest
from small_evaluations import TINY

from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.score import MAD_TASKS
from agent.evaluator.evaluation import evaluate
from agent.evaluator.legs import joined
from agent.evaluator.protocol import Leg
from agent.evaluator.protocols import MAD, MAD_GRID, PROTOCOLS, QUICK, SMOKE, on_fresh_seeds
from agent.evaluator.training.stack import stacks
from agent.study.pieces import Piece

# Several rates, of which the validation chooses one for each seed; one task of the first leg, and two of the second.
FEW = TINY.only(("Compress", "Fuzzy Recall", "Multi-Query Recall"))
LEARNED_RATE = replace(FEW, plans=(replace(FEW.plans[0], learning_rates=(1e-3, 5e-3)),))


def cost(protocol):
    return Piece("any", protocol).cost


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=[*PROTOCOLS])
def test_legs_are_disjoint_and_together_the_row(protocol):
    parts = protocol.leg_parts()
    grids = [grid for part in parts for grid in part.grids]
    assert len(grids) == len(set(grids))
    assert set(grids) == set(protocol.grids)
    assert {replica for part in parts for replica in part.replicas()} == set(protocol.replicas())
    assert [part.leg_parts() for part in parts] == [(part,) for part in parts]
    assert parts[0].grids[0] == protocol.grids[0]  # so that sizes are measured of the same network
    assert len(parts) == 1 + len(protocol.legs)


@pytest.mark.parametrize("protocol", [*PROTOCOLS.values(), LEARNED_RATE], ids=[*PROTOCOLS, "several rates"])
def test_on_a_cpu_what_trains_together_in_a_row_does_so_in_a_leg(protocol):
    in_legs = [group for part in protocol.leg_parts() for group in stacks(part, "cpu")]
    assert sorted(map(str, in_legs)) == sorted(map(str, stacks(protocol, "cpu")))


def test_the_first_leg_of_quick_is_at_most_a_third_and_has_every_core_task():
    first, _ = QUICK.leg_parts()
    assert first.tasks == MAD_TASKS
    assert 0.2 < cost(first) / cost(QUICK) <= 1 / 3


def test_mad_has_the_cheap_first_and_long_sequences_last():
    first, second, third = MAD.leg_parts()
    assert first.tasks == MAD_TASKS
    assert cost(first) < cost(second) < cost(third)
    assert cost(first) / cost(MAD) < 1 / 8
    assert {setting.length for setting, _ in third.grids} == {512, 1024}
    assert all(setting.length <= 256 for part in (first, second) for setting, _ in part.grids)
    assert third.tasks != MAD_TASKS  # Compress and Memorize have no such lengths


def test_a_part_of_a_protocol_has_the_legs_of_that_part():
    first, second = QUICK.only(("Memorize", "Multi-Query Recall")).leg_parts()
    assert (first.tasks, first.further) == (("Memorize",), ())
    assert (second.tasks, second.further) == (("Memorize",), ("Multi-Query Recall",))
    assert len(first.grids) == 4
    (whole,) = QUICK.only(("Multi-Query Recall",)).leg_parts()
    assert len(whole.grids) == 2


def test_legs_name_seeds_by_their_order_and_not_by_their_number():
    shifted = replace(QUICK, plans=tuple(replace(plan, first_seed=7) for plan in QUICK.plans))
    assert {seed for _, seed in shifted.leg_parts()[0].grids} == {7, 8, 9, 10}


def test_what_confirms_and_what_measures_noise_is_trained_at_once():
    assert len(on_fresh_seeds(QUICK, 2).leg_parts()) == len(MAD_GRID.leg_parts()) == 1
    assert len(MAD.further_seed(MAD.lone_settings, 0).leg_parts()) == 1


def test_a_leg_that_has_everything_leaves_no_other():
    everything = replace(SMOKE, legs=(Leg(tuple((setting.label, 9) for setting, _ in SMOKE.grids)),))
    (whole,) = everything.leg_parts()
    assert list(whole.replicas()) == list(SMOKE.replicas())


@pytest.fixture(scope="module")
def cards():
    """The template's row at once, and its legs."""
    path = baseline_path(TEMPLATE)
    return evaluate(path, LEARNED_RATE, test_seed=5), [evaluate(path, p, test_seed=5) for p in LEARNED_RATE.leg_parts()]


def test_the_joined_row_is_the_row_evaluated_at_once_to_the_digit(cards):
    whole, legs = cards
    row = joined(legs, LEARNED_RATE)
    assert len(legs) == 2
    assert row.tasks == whole.tasks  # scores, chosen rates, curves, longer tests and endings, in the same order
    assert row.further == whole.further
    assert {seed.learning_rate for score in row.tasks.values() for seed in score.seeds} == {1e-3, 5e-3}
    assert all(seed.longer for seed in row.tasks["Fuzzy Recall"].seeds)
    same = (
        "protocol",
        "fingerprint",
        "parameters",
        "state_size",
        "state_bytes",
        "flops",
        "device",
        "versions",
        "remarks",
    )
    assert [getattr(row, name) for name in same] == [getattr(whole, name) for name in same]
    assert (row.test_seed, row.average, list(row.tasks)) == (whole.test_seed, whole.average, list(whole.tasks))
    assert row.seconds == sum(leg.seconds for leg in legs)


def test_legs_that_are_not_the_whole_row_make_none(cards):
    _, legs = cards
    with pytest.raises(ValueError, match="4 seeds of settings, and a row of smoke 6"):
        joined(legs[:1], LEARNED_RATE)
    with pytest.raises(ValueError, match="same seed"):
        joined([legs[0], *legs], LEARNED_RATE)
