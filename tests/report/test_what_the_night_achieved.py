"""What the morning page says beyond the scores: steps, ties, the way to the best, the lanes of the night."""

from dataclasses import replace

import pytest
from sample_histories import SECONDS, START, made_history, write_history, write_run

from agent.core.baselines import TEMPLATE
from agent.core.run import BASELINE
from agent.core.text import Text
from agent.llm.transcript import Exchange, transcript_line
from agent.report.ascent import ascent, path_to
from agent.report.bases import packed
from agent.report.compare import NEAR, known_to
from agent.report.lanes import lanes, merged, without
from agent.report.morning import LatestSearch
from agent.report.site import Site
from agent.report.standing import standings
from agent.report.steps import steps_since, tied_with
from agent.science.estimate import AVERAGE
from agent.science.history import History
from agent.store.folder import TRANSCRIPT
from agent.store.status import Phase, read_phases, record_phase
from agent.store.workspace import Workspace


@pytest.fixture(scope="module")
def history():
    return History(made_history(60), {})


def test_others_that_cannot_be_told_from_the_best_are_counted(history):
    verdicts = [history.judge(history.best, run).verdict for run in history.scored if run != history.best]
    assert tied_with(history, history.best) == verdicts.count("indistinguishable")
    level = replace(history.best, id="20990101_000000", proposal=replace(history.best.proposal, name="as_good"))
    assert tied_with(History((*history.runs, level), {}), history.best) == verdicts.count("indistinguishable") + 1


def test_steps_are_against_the_own_parent_and_of_this_search(history):
    found = steps_since(history, 0.0)
    own = [run for run in history.scored if run.proposal.author != BASELINE]
    assert found.scored == len(own)
    better = [run for run in own if history.judge(run, history.parent(run.proposal)).verdict == "better"]
    assert found.better == len(better) > 0
    late = steps_since(history, START + 30 * SECONDS)
    assert 0 < late.scored < found.scored


def test_the_way_to_the_best_goes_by_first_parents(history):
    way = path_to(history, history.best)
    assert way[0].proposal.parents == ()
    assert way[-1] == history.best
    assert [run.proposal.parents[0] for run in way[1:]] == [run.name for run in way[:-1]]
    steps = ascent(history)
    assert [step.run for step in steps] == list(way)
    total = sum(step.margin.difference for step in steps[1:])
    assert total == pytest.approx(way[-1].card.average - way[0].card.average)
    assert all(any(line.kind == "new" for line in step.lines) for step in steps[1:])
    assert ascent(History(history.runs[:1], {})) == ()


def test_a_row_carries_its_differences_from_parent_and_best(history):
    known = standings(history)
    run = next(run for run in history.scored if run.proposal.parents)
    for basis, other in (("parent", history.parent(run.proposal)), ("best", history.best)):
        difference, verdict, *colours = packed(history, known[run.id], basis).split(" ")
        found = history.compare(run, other)
        assert float(difference) == pytest.approx(found[AVERAGE].difference, abs=1e-4)
        assert verdict == history.judge(run, other).verdict
        assert [colour != "-" for colour in colours] == [
            found[task].told_apart for task in (AVERAGE, *(task for task in found if task != AVERAGE))
        ]
    assert packed(history, known[history.best.id], "best") == ""
    assert packed(history, known[history.failed[0].id], "parent") == ""


def test_a_run_is_compared_with_the_latest_before_it_and_with_what_was_best():
    history = History(made_history(NEAR + 100), {})
    assert known_to(history, history.scored[20]) == list(history.scored[:20])
    known = known_to(history, history.scored[-1])
    assert NEAR < len(known) < len(history.scored) - 1
    assert history.best in (*known, history.scored[-1])
    assert history.baseline in known
    assert {run.id for run in history.scored[-NEAR - 1 : -1]} <= {run.id for run in known}


# The lanes of the night


def test_spans_are_merged_within_bounds_and_what_lies_between_is_the_rest():
    found = merged([(5.0, 7.0), (1.0, 2.0), (6.0, 9.0), (20.0, 30.0)], 1.5, 25.0)
    assert found == ((1.5, 2.0), (5.0, 9.0), (20.0, 25.0))
    assert without(found, 0.0, 25.0) == ((0.0, 1.5), (2.0, 5.0), (9.0, 20.0))


def search(ended=START + 1000.0):
    return LatestSearch(START, ended, Text("x", "停"))


def test_lanes_are_told_by_phases_milestones_and_transcripts(history):
    run = replace(history.scored[0], milestones=())
    phases = (
        Phase(START, "proposing"), Phase(START + 100, "checking"), Phase(START + 150, "training"),
        Phase(START + 800, "analysing"), Phase(START + 850, "waiting for a decision"), Phase(START + 1000, ""),
    )  # fmt: skip
    said = (
        Exchange(START + 200.0, "propose", {}, dollars=0.25, seconds=50.0),
        Exchange(START + 900.0, "analyse", {}, dollars=0.5, seconds=20.0),
    )
    found = lanes(search(), [run], phases, said)
    known = {lane.name: lane for lane in found.lanes}
    seconds = {name: lane.seconds for name, lane in known.items()}
    assert seconds == {"proposing": 150.0, "checking": 50.0, "training": 650.0, "writing notes": 70.0, "idle": 130.0}
    assert (known["proposing"].dollars, known["writing notes"].dollars, known["training"].dollars) == (0.25, 0.5, None)
    assert found.dollars == 0.75
    assert found.share(known["training"]) == pytest.approx(0.65)


def test_a_search_that_recorded_no_phases_is_not_called_idle(history):
    found = lanes(search(START + SECONDS * 61), history.runs, (), ())
    assert [lane.name for lane in found.lanes] == ["training", "not recorded"]
    assert sum(lane.seconds for lane in found.lanes) == pytest.approx(SECONDS * 61)
    assert lanes(LatestSearch(None, None, Text("x", "停")), history.runs, (), ()) is None


def test_phases_are_kept_and_a_torn_line_is_passed_over(tmp_path):
    home = Workspace(tmp_path)
    for at, name in ((1.0, "proposing"), (2.0, "training"), (3.0, "")):
        record_phase(home, Phase(at, name))
    with (tmp_path / "runs" / "phases.jsonl").open("a") as file:
        file.write('{"at": 4.0, "pha')
    assert read_phases(home, 2.0) == (Phase(2.0, "training"), Phase(3.0, ""))


def test_the_page_says_where_hours_and_dollars_went(tmp_path):
    runs = write_history(tmp_path, 6)
    line = transcript_line(Exchange(START + 10.0, "propose", {}, reply="x", dollars=1.25, seconds=20.0))
    (tmp_path / "runs" / runs[2].id / TRANSCRIPT).write_text(line)
    site = Site(Workspace(tmp_path))
    site.build()
    page = (site.root / "index.html").read_text()
    assert "$1.25" in page
    assert "not recorded" in page


# Nothing is read while nothing changes


def test_the_mark_changes_with_a_run_and_with_the_search_and_not_else(tmp_path):
    runs = write_history(tmp_path, 4)
    home = Workspace(tmp_path)
    site = Site(home)
    site.build()
    before = site.mark()
    (tmp_path / "runs" / "status.json").touch()
    record_phase(home, Phase(1.0, "training"))
    site.build()
    assert site.mark() == before
    with home.locks.searching():
        assert site.mark() != before
    assert site.mark() == before
    home.write(runs[2], "note.txt", "x")
    assert site.mark() != before


def test_show_takes_a_name_as_the_report_writes_it(tmp_path):
    runs = write_history(tmp_path, 4)
    home = Workspace(tmp_path)
    short = runs[-1].name.removeprefix(f"{TEMPLATE}_")
    assert home.find(short).id == runs[-1].id
    assert home.find(short.replace("_", "_\u200b")).id == runs[-1].id
    twin = replace(runs[-1], id="20990101_000000", proposal=replace(runs[-1].proposal, name=short))
    write_run(tmp_path, twin)
    assert home.find(short).id == twin.id  # a full name comes first
