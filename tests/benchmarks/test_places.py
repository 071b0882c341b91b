"""The ways to use two cores are timed against each other; one that there is not here is left out, and said to be."""

import time
from contextlib import nullcontext

from sample_cards import sample_card
from small_evaluations import ONE_TASK

from agent.core.errors import Unavailable
from agent.evaluator.executor.here import Here
from benchmarks import places


def taking(seconds):
    def evaluate(assignment, watch):
        time.sleep(seconds)
        return sample_card()

    return lambda: nullcontext(Here("cpu", evaluate))


def test_the_ways_are_timed_in_turn_and_a_missing_one_is_said(monkeypatch, capsys):
    def missing():
        raise Unavailable("there is no Ray here")

    ways = {"one crew of two": taking(0.02), "two places": taking(0.2), "four Ray actors": missing}
    monkeypatch.setattr(places, "WAYS", ways)
    found = places.places(ONE_TASK, legs=2, rounds=1)
    assert found.keys() == {"one crew of two", "two places"}
    assert found["two places"] < 5 * 3600
    assert found["two places"] < found["one crew of two"]
    said = capsys.readouterr().out
    assert "four Ray actors: left out: there is no Ray here" in said
    assert "1.00x" in said
