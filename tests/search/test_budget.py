"""When a search has had enough."""

from dataclasses import replace

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.errors import ENDED, INTERRUPTED, TOO_MANY_FAILURES
from agent.core.failure import Failure
from agent.core.reason import Reason
from agent.core.run import Run
from agent.search.budget import Budget, Ledger


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def run(failed=False, author="catalogue", **facts):
    result = {"failure": Failure("crash", Reason.said("why"))} if failed else {"card": sample_card()}
    return Run("20250101_000000", "analysed", sample_proposal(author=author), "smoke", FINGERPRINT, **result, **facts)


def test_without_limits_it_goes_on(clock):
    ledger = Ledger(Budget(), clock=clock)
    for _ in range(100):
        ledger.enter(run())
    clock.now = 1e6
    assert ledger.stop() is None


def test_hours_end_it_and_what_would_mostly_lie_beyond_them_is_not_begun(clock):
    ledger = Ledger(Budget(hours=1), clock=clock)
    ledger.begin("cpu")
    clock.now += 600
    ledger.end("cpu")
    clock.now = 3600 - 301
    assert ledger.stop() is None
    clock.now = 3600 - 300
    stop = ledger.stop()
    assert (stop.exit_code, stop.reason["en"]) == (ENDED, "its time is over (1 h)")
    assert ledger.busy == pytest.approx(600 / 3300)


def test_runs_end_it_and_baselines_are_none(clock):
    ledger = Ledger(Budget(runs=2), clock=clock)
    for _ in range(3):
        ledger.enter(run(author="baseline"))
    ledger.enter(run())
    assert ledger.stop() is None
    ledger.enter(run(failed=True))
    assert ledger.stop().exit_code == ENDED


def test_only_failures_in_a_row_end_it(clock):
    ledger = Ledger(Budget(failures=2), clock=clock)
    for failed in (True, False, True):
        ledger.enter(run(failed))
    assert ledger.stop() is None
    ledger.enter(run(failed=True))
    stop = ledger.stop()
    assert (stop.exit_code, stop.reason["en"]) == (TOO_MANY_FAILURES, "2 runs in a row failed")
    assert "2" in stop.reason["zh"]


def test_whether_it_goes_on_is_foreseen(clock):
    ledger = Ledger(Budget(runs=2, hours=1), clock=clock)
    ledger.register(run())
    assert ledger.goes_on()
    ledger.enter(run())
    ledger.register(run())
    assert not ledger.goes_on()
    assert ledger.stop() is None
    ledger = Ledger(Budget(hours=1), clock=clock)
    ledger.begin("cpu")
    clock.now += 1200
    ledger.end("cpu")
    assert ledger.goes_on()
    clock.now += 900  # the next evaluation ends at 3300 seconds, and another would mostly lie beyond the hour
    assert not ledger.goes_on()


def test_what_takes_more_than_half_of_the_time_that_is_left_is_not_afforded(clock):
    ledger = Ledger(Budget(hours=1), clock=clock)
    clock.now += 720
    assert ledger.affords(1440)
    clock.now += 1
    assert not ledger.affords(1440)
    assert Ledger(Budget(runs=1), clock=clock).affords(1e9)


def test_a_person_ends_it_before_anything_else(clock):
    ledger = Ledger(replace(Budget(), runs=1), clock=clock)
    ledger.enter(run())
    ledger.interrupted = True
    assert ledger.stop().exit_code == INTERRUPTED


def test_less_than_an_hour_is_told_in_minutes(clock):
    ledger = Ledger(Budget(hours=0.25), clock=clock)
    clock.now = 900
    assert ledger.stop().reason["en"] == "its time is over (15 min)"


def test_the_evaluation_under_way_counts_as_training(clock):
    ledger = Ledger(Budget(), clock=clock)
    clock.now = 100
    ledger.begin("cpu")
    clock.now = 400
    assert ledger.busy == pytest.approx(0.75)
    ledger.end("cpu")
    assert ledger.busy == pytest.approx(0.75)


def test_no_search_ends_with_its_baselines_alone(clock):
    """The hours are over before anything was proposed: one proposal is tried all the same, and then it is the end."""
    ledger = Ledger(Budget(hours=0.25), clock=clock)
    ledger.begin("cpu")
    clock.now += 1000
    ledger.end("cpu")
    ledger.enter(run(author="baseline"))
    assert ledger.overtime
    assert ledger.stop() is None
    ledger.enter(run(failed=True))  # refused before it was trained
    assert ledger.overtime
    ledger.enter(run(failed=True, attempts=1))
    assert not ledger.overtime
    assert ledger.stop().exit_code == ENDED


def test_known_variants_that_wait_are_trained_also_where_a_single_proposal_was_asked_for(clock):
    ledger = Ledger(Budget(runs=1), clock=clock)
    ledger.known_wait = True
    ledger.enter(run())
    assert ledger.proposals_over
    assert ledger.stop() is None
    assert not ledger.goes_on()  # no further proposal need be prepared
    ledger.known_wait = False
    assert ledger.stop().exit_code == ENDED


def test_what_is_kept_for_confirming_is_not_searched_in(clock):
    ledger = Ledger(Budget(hours=1), clock=clock)
    ledger.enter(run())
    clock.now = 3000
    assert ledger.stop() is None
    ledger.reserved = 720
    assert ledger.stop().exit_code == ENDED
