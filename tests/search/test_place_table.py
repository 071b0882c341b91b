"""Places on the screen and in `status`: one, two, eight and sixty-four of them within 80 columns, in both languages."""

import json
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from agent.cli.main import app
from agent.core.baselines import TEMPLATE
from agent.core.languages import LANGUAGES
from agent.search.place_table import FULL, place_rows, place_summary, place_table
from agent.search.screen import describe_status, open_screen, panel
from agent.store.busy import Busy, busy_places, busy_together
from agent.store.places import PlaceEvent, PlaceStatus, record_event
from agent.store.status import STATUS, Status
from agent.store.workspace import Workspace

LONG = f"{TEMPLATE}_a_gate_and_a_decay_and_a_norm_and_a_convolution_and_a_second_write_of_what_was_lost"


def places(count):
    """So many, the later the nearer their end; the last is free, the one before it confirms, and names differ."""
    working = [
        PlaceStatus(
            f"node{index // 8}/cuda:{index % 8}", "training", f"{LONG}_{index}", str(index), 1 + index % 3, 3,
            share=index / count, seconds_left=60.0 * (count - index), training="Memorize V16 L16, step 4/8",
        )
        for index in range(count)
    ]  # fmt: skip
    if count > 1:
        working[-1] = PlaceStatus(f"node{(count - 1) // 8}/cuda:{(count - 1) % 8}")
    if count > 2:
        working[-2] = replace(working[-2], work="confirming", legs=1, seconds_left=None)
    return tuple(working)


def busy(statuses):
    return tuple(Busy(each.place, 90.0 + index % 10, 100.0) for index, each in enumerate(statuses))


def on_a_terminal(status, language, width=80):
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(panel(status, language))
    return console.export_text()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 2, 8, 64])
def test_every_place_is_told_within_80_columns(count, language):
    now = places(count)
    lines = place_table(place_rows(now, busy(now)), language)
    assert max(map(cell_len, lines)) <= 80
    assert len(lines) == 1 + min(count, FULL) + 2 * (count > FULL)
    for index, each in enumerate(now if count <= FULL else ()):
        line = lines[1 + index]
        assert each.place in line
        assert f"{90 + index % 10}%" in line
        if each.work == "training":
            assert f"_{index}" in line  # the end of a name tells variants apart
            assert f"{each.leg}/3" in line
            assert f"{each.share:.0%}" in line
            assert f"{count - index}:00" in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_many_places_those_that_end_next_come_first_and_the_rest_is_summed_up(language):
    now = places(64)
    *shown, more, further = place_table(place_rows(now, busy(now)), language)[1:]
    assert [line.split()[0] for line in shown] == [each.place for each in now[61 : 61 - FULL : -1]]
    assert (more, further) == {
        "en": ("and 56 more: 54 training, 1 confirming, 1 free", "    the last in 1:04:00, busy 90% to 99%"),
        "zh": ("另有 56 个：54 个训练、1 个证实、1 个空闲", "   最后一个还需 1:04:00、忙碌 90% 至 99%"),
    }[language]


def test_the_summary_counts_who_works_and_how_busy_all_were():
    now = places(64)
    said = place_summary(place_rows(now, busy(now)))
    assert said["en"] == "63 of 64 places at work, busy 94% of the time"
    assert said["zh"] == "64 个位置中 63 个在工作，忙碌时间占 94%"
    assert place_summary(place_rows(places(1), ()))["en"] == "1 of 1 place at work"
    over = place_summary(place_rows((), busy(now), searching=False))
    assert over["en"] == "64 places, busy 94% of the time"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [2, 8, 64])
def test_the_panel_and_another_shell_show_the_places(count, language):
    status = Status("training", "x", "A change", "Memorize V16 L16", 0.5, budget="1:00", places=places(count))
    drawn = on_a_terminal(status, language)
    assert max(map(cell_len, drawn.splitlines())) <= 80
    for line in place_table(place_rows(status.places, ()), language):
        assert line in drawn
    told = describe_status(status, "process 1", None, busy(status.places), language)
    for line in place_table(place_rows(status.places, busy(status.places)), language):
        assert line in told
    assert "━" not in drawn  # a bar is of one place alone
    ended = describe_status(status, None, None, busy(status.places), language)
    assert f"{LONG}_0" not in ended  # nobody works there any more
    assert "90%" in ended


def test_one_place_has_its_bar_and_its_leg():
    status = Status("training", "x", "A change", "Memorize V16 L16", 0.5, budget="1:00", places=places(1))
    drawn = on_a_terminal(replace(status, places=(replace(status.places[0], leg=2),)), "en")
    assert "training x, leg 2 of 3" in drawn
    assert "━" in drawn
    assert "50%" in drawn
    assert "node0" not in drawn


def test_how_busy_a_place_was_is_told_from_the_record():
    events = [
        PlaceEvent(0.0, "search"), PlaceEvent(0.0, "opened", "a"), PlaceEvent(0.0, "begun", "a", "training", "1"),
        PlaceEvent(20.0, "opened", "b"), PlaceEvent(60.0, "begun", "b", "training", "2"),
        PlaceEvent(90.0, "ended", "a", "training", "1", outcome="finished"), PlaceEvent(100.0, "closed", "b"),
    ]  # fmt: skip
    first, second = busy_places(events, 180.0)
    assert (first, second) == (Busy("a", 90.0, 180.0), Busy("b", 40.0, 80.0))
    assert busy_together([first, second]).share == 0.5
    again = busy_places([*events, PlaceEvent(500.0, "search"), PlaceEvent(500.0, "opened", "a")], 600.0)
    assert again[0] == Busy("a", 90.0, 200.0)  # between two searches nothing was open
    assert busy_places([], 10.0) == ()


def test_a_log_tells_what_begins_at_each_place_and_then_how_many_work(capfd, monkeypatch):
    status = Status("training", "x", "A change", places=places(2))
    with open_screen() as screen:
        screen.show(status)
        screen.show(status)
        monkeypatch.setattr("agent.search.screen.SECONDS_BETWEEN_LINES", -1.0)
        screen.show(status)
    first, second = capfd.readouterr()[0].splitlines()
    assert first[10:] == f"node0/cuda:0: training {LONG}_0, leg 1 of 3"
    assert second[10:] == "1 of 2 places at work"


def test_status_reads_the_record_and_prints_in_each_language(tmp_path):
    workspace = Workspace(tmp_path)
    opened = (PlaceEvent(10.0, "opened", place) for place in ("cuda:0", "cuda:1"))
    for event in (PlaceEvent(10.0, "search"), *opened, PlaceEvent(10.0, "begun", "cuda:1", "training", "1", "x")):
        record_event(workspace, event)
    facts = {"phase": "", "started": 5.0, "updated": 20.0, "latest": []}
    (tmp_path / "runs" / STATUS).write_text(json.dumps(facts))
    asked = ["status", "--workspace", str(tmp_path)]
    said = CliRunner().invoke(app, asked).output
    assert "places     2 places, busy 50% of the time" in said
    assert [line.split() for line in said.splitlines()[-2:]] == [["cuda:0", "0%"], ["cuda:1", "100%"]]
    assert "2 个位置，忙碌时间占 50%" in CliRunner().invoke(app, [*asked, "--lang", "zh"]).output
    known = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    assert known["busy_places"] == {"cuda:0": 0.0, "cuda:1": 1.0}
    assert known["busy_together"] == 0.5
    (tmp_path / "runs" / "places.jsonl").unlink()  # a search of an earlier version
    assert "places" not in CliRunner().invoke(app, asked).output
