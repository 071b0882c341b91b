"""A simulated cluster of a few places: the real search keeps them busy, and a model too slow for them does not."""

from random import Random

import pytest

from benchmarks.cluster import ROW_OF_MAD, THINKING, VirtualClock, simulated


def test_the_catalogue_keeps_some_places_busy(tmp_path):
    done = simulated(tmp_path, 4, 6, ROW_OF_MAD)
    assert done.busy > 0.9
    assert all(seconds > 0 for seconds in done.decisions)
    assert done.seconds_a_row > 0


@pytest.mark.parametrize(("drafts", "least", "most"), [(1, 0.0, 0.6), (6, 0.9, 1.0)])
def test_a_slow_model_keeps_them_busy_where_enough_drafts_are_made_at_once(tmp_path, drafts, least, most):
    """Four places need a draft every minute or so, and one takes three."""
    done = simulated(tmp_path, 4, 8, (3.0, 5.0), drafts)
    assert least <= done.busy <= most
    assert THINKING == 180.0


def test_the_clock_runs_while_it_works_and_jumps_over_what_is_waited_for():
    clock = VirtualClock()
    clock.until(100.0)
    assert clock() >= 100.0
    before = clock.worked()
    sorted(Random(0).random() for _ in range(200_000))
    assert clock() >= 100.0
    assert clock.worked() > before
    clock.until(50.0)  # which is over
    assert clock() < 150.0
