"""The record of a made-up night at some places, as a search writes it."""

from dataclasses import replace
from itertools import count as counting

from sample_histories import START, made_history

from agent.core.reason import Reason
from agent.core.text import Text
from agent.report.lanes import lanes
from agent.report.morning import LatestSearch
from agent.store.places import PlaceEvent
from agent.store.status import Phase

HOURS, SETTING_UP = 8, 60.0  # seconds before the first training
SEARCH = LatestSearch(START, START + HOURS * 3600, Text("x", "停"))
PHASES = (Phase(START, "proposing"), Phase(START + 30, "checking"), Phase(START + SETTING_UP, "training"))


def place_names(count):
    """As a search names so many places: of a CPU alone, or of the GPUs of nodes."""
    return [f"node{number // 8}/cuda:{number % 8}" for number in range(count)] if count > 1 else ["cpu"]


def night_at(count):
    """The lanes of a night at so many places."""
    runs, events = recorded_night(count)
    return lanes(SEARCH, runs, PHASES, (), events)


def recorded_night(count):
    """The stopped runs and the events: rows of three legs, two of eight stopped after the first, and confirmations."""
    runs, pieces, stopped = made_history(60)[2:], counting(), {}
    events = [PlaceEvent(START, "opened", name) for name in place_names(count)]
    for name in place_names(count):
        at = START + SETTING_UP
        while at < START + (HOURS - 1) * 3600:
            number = next(pieces)
            run = replace(runs[number % len(runs)], id=str(number))
            legs = 1 if number % 8 < 2 else 3
            stopped |= {run.id: run} if legs == 1 else {}
            for leg in range(1, legs + 1):
                events += _piece(name, at, 300.0 * leg, ("training", run.id, run.name, leg, 3))
                at += 300.0 * leg + 20
        events += _piece(name, at, 1200.0, ("confirming", run.id, run.name, 1, 1))
    why = Reason.said("it cannot be the best any more")
    gone = [replace(run, card=None, stopped=why) for run in stopped.values()]
    return gone, [PlaceEvent(START, "search"), *sorted(events, key=lambda event: event.at)]


def _piece(name, at, seconds, facts):
    return [PlaceEvent(at, "begun", name, *facts), PlaceEvent(at + seconds, "ended", name, *facts, "finished")]
