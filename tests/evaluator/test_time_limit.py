"""A busy machine gives a check more time; an idle one no more than was said."""

import os

import pytest

from agent.evaluator.time_limit import MOST, TimeLimit, crowding


@pytest.mark.parametrize(
    ("load", "cores", "times"),
    [(0.0, 2, 1.0), (2.0, 2, 1.0), (30.0, 2, 15.0), (30.0, 64, 1.0), (5_000.0, 2, MOST), (3.0, None, 3.0)],
)
def test_a_second_lasts_as_long_as_its_share_of_a_core(
    load: float, cores: int | None, times: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert TimeLimit(120.0, started=1_000.0)() == 1_000.0 + 120.0 * times


def test_it_is_asked_anew_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = TimeLimit(10.0, started=0.0)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    ends = []
    for load in (1.0, 4.0):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0.0, 0.0))
        ends.append(limit())
    assert ends == [10.0, 40.0]


def test_a_system_that_tells_no_load_is_taken_for_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> tuple[float, float, float]:
        raise OSError

    monkeypatch.setattr(os, "getloadavg", none)
    assert crowding() == 1.0
