"""Measured rows replayed leg by leg: what stopping saves, and whether it loses the best."""

import pytest

from agent.core.baselines import TEMPLATE
from agent.evaluator.protocols import QUICK
from agent.science.promotion import FIRST_ROWS
from agent.study import __main__ as study
from agent.study.pieces import Piece
from agent.study.replay import measured_rows, replayed, rows_of_edition_2, rows_of_today


@pytest.fixture(scope="module")
def archived():
    """The twelve under quick of edition 2, whose file does not change any more."""
    return rows_of_edition_2()


def others(known):
    return [name for name in known.rows if name != TEMPLATE]


def test_a_row_of_today_is_that_of_the_protocol_and_its_leg_the_protocols_leg():
    known = rows_of_today()
    seeds = {(seed.setting, seed.seed) for score in known.rows[TEMPLATE].tasks.values() for seed in score.seeds}
    further = {(seed.setting, seed.seed) for score in known.rows[TEMPLATE].further.values() for seed in score.seeds}
    assert seeds | further == {(setting.label, seed) for setting, seed in QUICK.grids}
    first = QUICK.leg_parts()[0]
    leg = {(seed.setting, seed.seed) for score in known.leg(TEMPLATE).tasks.values() for seed in score.seeds}
    assert leg == {(setting.label, seed) for setting, seed in first.grids}
    assert known.leg_share == pytest.approx(Piece("any", first).cost / Piece("any", QUICK).cost)


def test_what_has_no_whole_row_is_left_out(archived):
    assert len(archived.rows) == 12
    assert measured_rows([], archived.noise, {"Memorize": 1}).rows == {}


def test_nothing_is_stopped_at_no_chance_and_all_but_the_first_at_any(archived):
    nothing = replayed(archived, "average", 0, others(archived), 0.0)
    assert (nothing.stopped, nothing.saved, nothing.winner_lost, nothing.lost) == ((), 0.0, False, 0.0)
    everything = replayed(archived, "average", 0, others(archived), 1.1)
    assert len(everything.stopped) == len(others(archived)) - FIRST_ROWS
    assert everything.saved == pytest.approx(len(everything.stopped) / 11 * (1 - archived.leg_share))
    assert everything.lost >= 0


def test_a_lost_winner_is_noticed(archived):
    lost = [replayed(archived, "average", seed, others(archived), 1.1) for seed in range(8)]
    assert {each.winner_lost for each in lost} == {True, False}
    assert all((each.lost > 0) == each.winner_lost for each in lost)
    assert replayed(archived, "average", 3, others(archived)) == replayed(archived, "average", 3, others(archived))


def test_the_command_prints_its_table(capsys):
    study.legs(orders=2, chance=[0.1])
    _, _, *lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [line.split(" | ")[1] for line in lines] == ["balanced", "average", "average"]
