"""What a model says of a result comes into its note when it is there."""

import threading

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.analyst import Unread
from agent.analyst.note import analyse
from agent.core.errors import Unavailable
from agent.core.text import Text
from agent.search.analyses import Analyses
from agent.store.files import WorkspaceError
from agent.store.folder import NOTE
from agent.store.workspace import Workspace


@pytest.fixture
def closed(tmp_path):
    """A workspace with one closed run, and the run."""
    workspace = Workspace(tmp_path)
    workspace.create(sample_proposal(), "smoke", FINGERPRINT, "evaluated", card=sample_card())
    (run,) = workspace.history().runs
    workspace.advance(run, "analysed", analysis=analyse(workspace.history(), run))
    return workspace, workspace.find(run.id)


def reader(may, sections=None):
    """An analyst that waits until it may speak, and then says this of the lessons."""

    def read(history, run):
        assert may.wait(30)
        return {**run.analysis, **(sections or {"lessons": Text("Well.", "很好。")})}

    return read


def test_the_note_is_whole_before_and_fuller_after(closed):
    workspace, run = closed
    may = threading.Event()
    analyses = Analyses(workspace, reader(may))
    with analyses.open():
        analyses.begin(workspace.history(), run)
        analyses.collect()
        assert workspace.history().runs == (run,)  # it goes on without it
        may.set()
    (read,) = workspace.history().runs
    assert (read.stage, read.analysis["lessons"]["en"]) == ("analysed", "Well.")
    assert read.analysis["outcome"] == run.analysis["outcome"]
    note = (workspace.folder(run) / NOTE).read_text(encoding="utf-8")
    assert "Well." in note
    assert "很好。" in note


def test_a_search_that_breaks_off_does_not_wait(closed):
    workspace, run = closed
    analyses = Analyses(workspace, reader(threading.Event()))

    def broken_off():
        with analyses.open():
            analyses.begin(workspace.history(), run)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert workspace.history().runs == (run,)


def test_what_somebody_else_wrote_meanwhile_stays(closed):
    workspace, run = closed
    may = threading.Event()
    analyses = Analyses(workspace, reader(may))
    with analyses.open():
        analyses.begin(workspace.history(), run)
        newer = workspace.amend(run, analysis={"lessons": Text("By hand.", "手写。")})
        may.set()
    assert workspace.history().runs == (newer,)


def test_without_an_analyst_and_where_nothing_is_added_nothing_is_written(closed):
    workspace, run = closed
    before = (workspace.folder(run) / "run.json").stat().st_mtime_ns
    for analyst in (None, lambda history, run: run.analysis):
        analyses = Analyses(workspace, analyst)
        with analyses.open():
            analyses.begin(workspace.history(), run)
    assert (workspace.folder(run) / "run.json").stat().st_mtime_ns == before


def test_an_analyst_that_cannot_write_is_heard_of(closed):
    workspace, run = closed

    def full(history, run):
        raise WorkspaceError("the disk is full")

    analyses = Analyses(workspace, full)
    with pytest.raises(WorkspaceError, match="the disk is full"), analyses.open():
        analyses.begin(workspace.history(), run)


@pytest.mark.parametrize(
    "error", [KeyError("delta"), RecursionError(), UnicodeEncodeError("ascii", "é", 0, 1, "no"), AttributeError("x")]
)
def test_whatever_an_analyst_raises_leaves_the_facts_and_is_told_once(closed, error):
    workspace, run = closed
    lines = []

    def odd(history, run):
        raise error

    analyses = Analyses(workspace, odd, lines.append)
    with analyses.open():
        analyses.begin(workspace.history(), run)
    assert workspace.history().runs == (run,)
    (line,) = lines
    assert line.startswith(f"· {run.name}: the analyst raised {type(error).__name__}")
    kept = (workspace.folder(run) / "analysis_error.txt").read_text(encoding="utf-8")
    assert "Traceback" in kept
    assert "in odd" in kept


def test_what_is_no_analysis_leaves_the_facts(closed):
    workspace, run = closed
    lines = []
    analyses = Analyses(workspace, lambda history, run: {"lessons": "no text of two languages"}, lines.append)
    with analyses.open():
        analyses.begin(workspace.history(), run)
    assert workspace.history().runs == (run,)
    assert len(lines) == 1


def test_an_analysis_that_cannot_be_written_leaves_the_facts(closed):
    workspace, run = closed
    lines = []
    half = {**run.analysis, "lessons": Text("Half of \ud83d a character.", "很好。")}
    analyses = Analyses(workspace, lambda history, run: half, lines.append)
    with analyses.open():
        analyses.begin(workspace.history(), run)
    assert workspace.history().runs == (run,)
    (line,) = lines
    assert "its note keeps the facts alone" in line
    assert "Traceback" in (workspace.folder(run) / "analysis_error.txt").read_text(encoding="utf-8")


class Odd(BaseException):
    """What is neither an error nor an interruption of ours."""


def test_what_is_no_error_is_raised_again(closed):
    workspace, run = closed

    def odd(history, run):
        raise Odd

    analyses = Analyses(workspace, odd)
    with pytest.raises(Odd), analyses.open():
        analyses.begin(workspace.history(), run)


def test_who_proposes_next_waits_for_what_is_being_read(closed):
    workspace, run = closed
    may, told = threading.Event(), []
    analyses = Analyses(workspace, reader(may))
    with analyses.open():
        analyses.begin(workspace.history(), run)
        waiting = threading.Thread(target=lambda: told.append(analyses.read(workspace.history())))
        waiting.start()
        assert told == []
        may.set()
        waiting.join(30)
        assert workspace.find(run.id).analysis == run.analysis  # that thread wrote nothing
    assert told[0].runs[0].analysis["lessons"]["en"] == "Well."


def test_an_analysis_that_a_search_did_not_wait_for_is_taken_up_by_the_next(closed):
    workspace, run = closed
    breaking_off = Analyses(workspace, reader(threading.Event()))

    def broken_off():
        with breaking_off.open():
            breaking_off.begin(workspace.history(), run)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    with Analyses(workspace, None).open():  # nobody is there to read
        pass
    seen = []

    def read(history, run):
        seen.append(run.id)
        return {**run.analysis, "lessons": Text("Well.", "很好。")}

    for _ in range(2):  # the second has nothing to do
        with Analyses(workspace, read).open():
            pass
        assert workspace.find(run.id).analysis["lessons"]["en"] == "Well."
    assert seen == [run.id]


def test_an_analyst_that_could_not_be_asked_is_asked_by_the_next_search(closed):
    workspace, run = closed

    def away(history, run):
        raise Unread({**run.analysis, "lessons": Text("It was away.", "它不在。")}, Unavailable("gone"))

    analyses = Analyses(workspace, away)
    with analyses.open():
        analyses.begin(workspace.history(), run)
    assert workspace.find(run.id).analysis["lessons"]["en"] == "It was away."
    may = threading.Event()
    may.set()
    with Analyses(workspace, reader(may)).open():
        pass
    assert workspace.find(run.id).analysis["lessons"]["en"] == "Well."
