"""The record of what each place of a search does: it is read back as it was told, and outlives a kill."""

from agent.store.places import PLACES, PlaceEvent, Stint, read_events, read_stints, record_event
from agent.store.workspace import RUNS, Workspace

BEGUN = PlaceEvent(2.0, "begun", "cuda:0", "training", "20250101_000000", "a", leg=2, legs=3)


def record(workspace, *events):
    for event in events:
        record_event(workspace, event)


def test_what_happened_is_read_back_in_its_order_and_from_a_moment_on(tmp_path):
    workspace = Workspace(tmp_path)
    assert read_events(workspace) == ()
    events = (PlaceEvent(1.0, "search"), PlaceEvent(1.0, "opened", "cuda:0"), BEGUN)
    record(workspace, *events)
    assert read_events(workspace) == events
    assert read_events(workspace, since=2.0) == (BEGUN,)


def test_a_stint_lasts_from_its_begin_to_its_end_at_its_place(tmp_path):
    workspace = Workspace(tmp_path)
    other = PlaceEvent(3.0, "begun", "cuda:1", "confirming", "20250101_000001", "b")
    ended = PlaceEvent(5.0, "ended", "cuda:0", "training", "20250101_000000", "a", 2, 3, "finished")
    record(workspace, PlaceEvent(1.0, "search"), BEGUN, other, ended)
    assert read_stints(workspace) == (
        Stint("cuda:0", "training", "20250101_000000", "a", 2.0, 2, 3, ended=5.0, outcome="finished"),
        Stint("cuda:1", "confirming", "20250101_000001", "b", 3.0),
    )


def test_what_a_kill_cut_off_ends_with_the_last_that_was_heard_of_its_search(tmp_path):
    workspace = Workspace(tmp_path)
    record(workspace, PlaceEvent(1.0, "search"), BEGUN, PlaceEvent(4.0, "opened", "cuda:1"))
    with (tmp_path / RUNS / PLACES).open("a") as file:
        file.write('{"at": 5.0, "event": "en')
    record(workspace, PlaceEvent(9.0, "search"), PlaceEvent(9.5, "opened", "cuda:0"))
    (stint,) = read_stints(workspace)
    assert (stint.begun, stint.ended, stint.outcome) == (2.0, 4.0, None)
    assert [event.event for event in read_events(workspace)] == ["search", "begun", "opened", "search", "opened"]
