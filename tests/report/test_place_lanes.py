"""The lanes of a night by place: what the record says, faint where nothing came of it; none without a record."""

import pytest
from nights_at_places import HOURS, PHASES, SEARCH, SETTING_UP, night_at, recorded_night

from agent.report.figure_of_lanes import draw_lanes
from agent.report.lanes import lanes
from agent.report.place_lanes import place_lanes
from agent.store.busy import Busy
from agent.store.places import PlaceEvent

LEG = ("training", "1", "x", 2, 3)


def test_each_place_has_its_legs_and_how_busy_it_was():
    events = [
        PlaceEvent(0.0, "search"), PlaceEvent(0.0, "opened", "a"), PlaceEvent(0.0, "opened", "b"),
        PlaceEvent(10.0, "begun", "a", *LEG), PlaceEvent(30.0, "ended", "a", *LEG, "lost"),
        PlaceEvent(30.0, "closed", "a"), PlaceEvent(30.0, "begun", "b", *LEG),
    ]  # fmt: skip
    first, second = place_lanes([], events, 0.0, 100.0).lanes
    (lost,), (going_on,) = first.stretches, second.stretches
    assert (lost.start, lost.end, lost.leg, lost.faint) == (10.0, 30.0, 2, True)
    assert (going_on.start, going_on.end, going_on.faint) == (30.0, 100.0, False)
    assert (first.busy, second.busy) == (Busy("a", 20.0, 30.0), Busy("b", 70.0, 100.0))


def test_what_is_known_of_places_says_when_anything_was_trained():
    night = night_at(4)
    assert [len(lane.stretches) > 8 for lane in night.places.lanes] == [True] * 4
    assert night.places.works == {"training", "confirming"}
    assert night.places.faint
    (training,) = (lane for lane in night.lanes if lane.name == "training")
    assert training.seconds > 0.9 * HOURS * 3600
    assert night.places.together.share == pytest.approx(0.93, abs=0.03)
    assert sum(lane.seconds for lane in night.lanes) == pytest.approx(HOURS * 3600)
    phase = [lane.seconds for lane in lanes(SEARCH, [], PHASES, ()).lanes if lane.name == "training"]
    assert phase == [HOURS * 3600 - SETTING_UP]  # without a record, as it always was


def test_a_stopped_variant_is_faint_and_a_later_leg_is_marked():
    runs, events = recorded_night(1)
    drawn = draw_lanes(lanes(SEARCH, runs, PHASES, (), events), "x")
    assert 'class="bar training faint"' in drawn
    assert 'class="leg"' in drawn
    assert "faint" not in draw_lanes(lanes(SEARCH, [], PHASES, (), events), "x")


def test_without_a_record_there_is_one_lane_of_training_as_before():
    drawn = draw_lanes(lanes(SEARCH, [], PHASES, ()), "x")
    assert drawn.count('class="bar training"') == 2  # of the wide and the narrow figure
    assert 'class="leg"' not in drawn
