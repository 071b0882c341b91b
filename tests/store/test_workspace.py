"""The folder of a search: runs that are never lost or doubled, and the table that they make."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pandas
import pytest
from sample_cards import CURVE, FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import BASELINES, TEMPLATE, reference_scores
from agent.core.errors import USAGE
from agent.core.failure import Failure
from agent.core.isolation import Isolation
from agent.core.legs import merged
from agent.core.reason import Reason
from agent.core.run import Review
from agent.core.score import MAD_TASKS, Confirmation, LongerTest, SeedScore, Speed, TaskScore
from agent.core.text import Text
from agent.store.files import WorkspaceError
from agent.store.folder import CURVES, RUN, VARIANT, save
from agent.store.workspace import INTERRUPTIONS, PROTOCOL, TABLE, StaleRun, Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def propose(workspace, name="delta_net_4layer_x", stage="proposed", **facts):
    return workspace.create(sample_proposal(name), "smoke", FINGERPRINT, stage, **facts)


def score(workspace, name, **scores):
    """A run taken through its stages."""
    run = workspace.advance(propose(workspace, name, "approved"), "evaluating", attempts=1)
    return workspace.advance(run, "evaluated", card=sample_card(**scores))


def test_the_table_is_what_pandas_expects(workspace):
    score(workspace, "delta_net", Memorize=1 / 3, Compress=0.999_999_9, Fuzzy_Recall=0.0, spread=0)
    score(workspace, "gated_delta_net")
    header, first, second = (workspace.root / TABLE).read_text().splitlines()
    assert header == ",Compress,Context Recall,Fuzzy Recall,Memorize,Noisy Recall,Selective Copy"
    assert first == "delta_net,1.000000,0.500000,0.000000,0.333333,0.500000,0.500000"
    assert second == "gated_delta_net,0.500000,0.500000,0.500000,0.500000,0.500000,0.500000"
    table = pandas.read_csv(workspace.root / TABLE, index_col=0)
    assert list(table.columns) == list(MAD_TASKS)
    assert workspace.rows() == table.to_dict(orient="index")


def test_it_has_the_form_of_the_known_scores(workspace):
    for name, scores in reference_scores().items():
        score(workspace, name, spread=0, **{task.replace(" ", "_"): value for task, value in scores.items()})
    assert list(workspace.rows()) == list(BASELINES)
    assert workspace.rows() == reference_scores()


def test_a_run_comes_back_as_it_was(workspace):
    run = score(workspace, "one", Memorize=0.9)
    found = Workspace(workspace.root).find("one")
    assert [milestone.stage for milestone in found.milestones] == ["proposed", "approved", "evaluating", "evaluated"]
    assert found.card.scores == run.card.scores
    assert found == run
    assert found.card.tasks["Memorize"].seeds[0].curve == ()
    assert workspace.with_curves(found).card == sample_card(Memorize=0.9)
    assert workspace.with_curves(found).card.tasks["Memorize"].seeds[1].curve == CURVE
    assert (workspace.folder(run) / VARIANT).read_text() == run.proposal.source
    assert len((workspace.folder(run) / CURVES).read_text().splitlines()) == 1 + 6 * 2 * 2


def test_what_is_no_column_comes_back_too(workspace):
    further = SeedScore(
        "Multi-Query Recall", "V64", 0, 0.5, 0.6, 0.5, 2e-3, 0.0, "finished", 8, 8, CURVE, (LongerTest(8, 0.25, 0.5),)
    )
    run = score(workspace, "one", Memorize=0.9)
    card = replace(
        workspace.with_curves(run).card, further={"Multi-Query Recall": TaskScore("Multi-Query Recall", (further,))}
    )
    save(workspace.folder(run), replace(run, card=card))
    found = Workspace(workspace.root).find("one")
    assert found.card.further["Multi-Query Recall"].seeds[0].curve == ()
    assert found.card.average == run.card.average
    assert workspace.with_curves(found).card == card


def in_two_legs(card):
    """The card of the first seed of each task, and that of the second."""
    tasks = [{task: replace(score, seeds=(score.seeds[leg],)) for task, score in card.tasks.items()} for leg in (0, 1)]
    return [replace(card, tasks=each, seconds=card.seconds / 2) for each in tasks]


def test_the_legs_of_a_row_are_kept_with_their_curves_and_make_no_row(workspace):
    whole, run = sample_card(Memorize=0.9), propose(workspace, "one", "approved")
    first, second = in_two_legs(whole)
    run = workspace.advance(run, "evaluating", attempts=1)
    run = workspace.amend(run, legs=(first,))
    found = Workspace(workspace.root).find("one")
    assert (found.stage, found.scored, found.seconds) == ("evaluating", False, first.seconds)
    assert not workspace.rows()
    assert found.legs[0].tasks["Memorize"].seeds[0].curve == ()
    found = workspace.amend(found, legs=(*found.legs, second))
    assert workspace.with_curves(found).legs == (first, second)
    row = workspace.advance(found, "evaluated", card=replace(whole, tasks=merged(found.legs).tasks), legs=())
    assert workspace.with_curves(row).card == whole  # the curves of both legs, of which none was read on the way
    assert list(workspace.rows()) == ["one"]


def test_a_stopped_run_has_its_legs_and_its_reason_and_no_row(workspace):
    run = workspace.advance(propose(workspace, "one", "approved"), "evaluating", attempts=1)
    reason = Reason.said("behind")
    leg = in_two_legs(sample_card())[0]
    run = workspace.advance(run, "stopped", legs=(leg,), stopped=reason)
    assert run.ended == run.reached("stopped")
    assert not workspace.rows()
    run = workspace.advance(run, "analysed")
    found = Workspace(workspace.root).find("one")
    assert (found.finished, found.scored, found.stopped) == (True, False, reason)
    assert workspace.with_curves(found).legs == (leg,)


def test_what_is_cut_off_after_a_leg_keeps_that_leg(workspace):
    run = workspace.advance(propose(workspace, "one", "approved"), "evaluating", attempts=1)
    workspace.amend(run, legs=(in_two_legs(sample_card())[0],))
    (cut_off,) = workspace.reconcile()
    assert (cut_off.stage, len(cut_off.legs)) == ("approved", 1)


def test_a_run_of_a_version_without_legs_is_read(workspace):
    path = workspace.folder(score(workspace, "one")) / RUN
    facts = json.loads(path.read_text())
    del facts["legs"], facts["stopped"]
    path.write_text(json.dumps(facts))
    found = Workspace(workspace.root).find("one")
    assert (found.legs, found.stopped, found.scored) == ((), None, True)


def test_words_and_files_are_kept(workspace):
    run = propose(workspace, files={"patch.diff": "+ β\n"}, isolation=Isolation(tried=1))
    workspace.write(run, "insights.md", "实验结果\n")
    run = workspace.advance(run, "rejected", review=Review("rejected", "a person", "太慢"))
    found = workspace.find(run.id)
    assert (found.review.reason, found.proposal.title) == ("太慢", Text("A change", "一处改动"))
    assert (workspace.folder(run) / "patch.diff").read_text() == "+ β\n"


def test_runs_of_one_second_have_their_order(workspace, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1e9)
    runs = [propose(workspace, f"x{number}") for number in range(12)]
    assert [run.id for run in workspace.history().runs] == [run.id for run in runs]
    assert runs[1].id == runs[0].id + "_2"
    assert runs[11].id == runs[0].id + "_12"


def test_a_clock_that_goes_back_does_not_change_the_order(workspace, monkeypatch):
    """As it does every autumn, for an hour."""
    for now, name in ((1e9, "first"), (1e9 - 3600, "second"), (1e9 - 3599, "third"), (1e9 + 60, "fourth")):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        propose(workspace, name)
    runs = workspace.history().runs
    assert [run.name for run in runs] == ["first", "second", "third", "fourth"]
    assert [run.id for run in runs[1:3]] == [f"{runs[0].id}_2", f"{runs[0].id}_3"]
    assert runs[3].id > runs[0].id


def test_a_stage_is_entered_once_and_in_order(workspace):
    run = propose(workspace)
    with pytest.raises(WorkspaceError, match="is proposed and cannot become analysed"):
        workspace.advance(run, "analysed")
    workspace.advance(run, "approved")
    with pytest.raises(StaleRun, match="is approved by now: somebody else decided"):
        workspace.advance(run, "rejected")


def test_an_edited_proposal_replaces_the_old_one(workspace):
    run = propose(workspace)
    amended = workspace.amend(run, proposal=sample_proposal(source="x = 2\n", author="a person"))
    assert workspace.find(run.id) == amended
    assert (workspace.folder(run) / VARIANT).read_text() == "x = 2\n"
    with pytest.raises(StaleRun, match="was changed meanwhile"):
        workspace.amend(run, isolation=Isolation(tried=1))


@pytest.mark.parametrize("name", ["", "DeltaNet", "delta-net", "2x", "_x", "a b", "../x", "x\n", "тест", "x" * 129])
def test_names_that_are_none(workspace, name):
    with pytest.raises(WorkspaceError, match="is no variant name: use lower-case letters"):
        workspace.check_new(name)


def test_a_name_is_given_once_unless_it_came_to_nothing(workspace):
    propose(workspace, "x" * 128, "failed", failure=Failure("crash", Reason.said("why")))
    score(workspace, "x" * 128)
    with pytest.raises(WorkspaceError, match=r"already has a variant x+: choose another name"):
        propose(workspace, "x" * 128)


def test_scores_of_another_protocol_are_refused(workspace):
    score(workspace, "one")
    with pytest.raises(WorkspaceError, match=rf"holds scores of protocol smoke \({FINGERPRINT}\), not of mad \(ffff\)"):
        workspace.create(sample_proposal("two"), "mad", "ffff")
    with pytest.raises(WorkspaceError, match=r"not of smoke \(ffff\): give another --workspace; the two differ in"):
        workspace.create(sample_proposal("two"), "smoke", "ffff")
    workspace.check_protocol("a smoke by another name", FINGERPRINT)


def test_a_row_that_no_run_stands_behind_is_not_written_over(workspace):
    score(workspace, "one")
    path = workspace.root / TABLE
    text = path.read_text() + "by_hand" + ",0.5" * 6 + "\n"
    path.write_text(text)
    with pytest.raises(WorkspaceError, match=r"has a row by_hand that no run in runs/ stands behind"):
        score(workspace, "two")
    assert path.read_text() == text
    assert workspace.rebuild() == ("by_hand",)
    assert list(workspace.rows()) == ["one"]


def test_a_lost_table_is_made_again(workspace):
    score(workspace, "one", Memorize=0.25)
    path = workspace.root / TABLE
    text = path.read_text()
    path.unlink()
    workspace.reconcile()
    assert path.read_text() == text


@pytest.mark.parametrize(
    "text",
    [
        "name,Compress\nx,1\n",
        ",Compress\nx,high\n",
        ",Compress\nx\n",
        ",A\nx,1,2",
        ";Compress\nx;1\n",
        ",Compress\nx,\xff",
    ],
)
def test_a_broken_table_is_named_and_left_alone(workspace, text):
    path = workspace.root / TABLE
    path.write_text(text, encoding="latin-1")
    with pytest.raises(WorkspaceError, match=r"results\.csv: cannot be read .* made anew .*python -m agent rebuild"):
        propose(workspace)
    assert path.read_text(encoding="latin-1") == text
    assert workspace.rebuild() == ()
    assert workspace.rows() == {}
    assert propose(workspace).stage == "proposed"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"name": "smoke"}'])
def test_a_broken_protocol_is_named(workspace, text):
    propose(workspace)
    (workspace.root / PROTOCOL).write_text(text)
    with pytest.raises(WorkspaceError, match=r"protocol\.json: cannot be read .*; repair it"):
        propose(workspace, "two")


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "Invalid JSON"), ("{", "Invalid JSON"), ("{}", "id: Field required"), ('{"id": 1}', "id: Input should be")],
)
def test_a_broken_run_is_left_out_and_named_with_why_and_what_to_do(tmp_path, text, why):
    told = []
    workspace = Workspace(tmp_path, told.append)
    sound, run = score(workspace, "delta_net"), score(workspace, "broken")
    before = workspace.rows()
    (workspace.folder(run) / RUN).write_text(text)
    for _ in range(2):
        assert [left.id for left in workspace.history().runs] == [sound.id]
    assert workspace.damaged.keys() == {run.id}
    (line,) = told
    assert line.startswith(f"left out: {workspace.folder(run) / RUN}: cannot be read (")
    assert why in line
    assert "repair it, or move its folder out of runs/" in line
    score(workspace, "another")  # the row of what may be repaired stays
    assert workspace.rows().items() >= before.items()
    assert workspace.rows().keys() == {"delta_net", "broken", "another"}
    workspace.rebuild()
    assert workspace.rows().keys() == {"delta_net", "another"}


def test_a_repaired_run_is_there_again(tmp_path):
    told = []
    workspace = Workspace(tmp_path, told.append)
    run = score(workspace, "delta_net")
    path = workspace.folder(run) / RUN
    text = path.read_text()
    path.write_text("{")
    assert workspace.history().runs == ()
    path.write_text(text)
    assert workspace.history().runs == (run,)
    assert not workspace.damaged
    assert len(told) == 1


@pytest.mark.parametrize("speed", [Speed(float("nan"), 1.0), Speed(1.0, float("inf"))])
def test_what_could_not_be_read_back_is_not_written(workspace, speed):
    run = workspace.advance(propose(workspace, "one", "approved"), "evaluating", attempts=1)
    with pytest.raises(WorkspaceError, match=r"run\.json: would not be readable \(card\.speed\."):
        workspace.advance(run, "evaluated", card=replace(sample_card(), speed=speed))
    assert workspace.history().runs == (run,)


def test_a_copy_of_a_run_is_no_second_row(tmp_path):
    told = []
    workspace = Workspace(tmp_path, told.append)
    run = score(workspace, "one")
    shutil.copytree(workspace.folder(run), workspace.root / "runs" / "20991231_235959")
    assert workspace.history().runs == (run,)
    assert f"20991231_235959/run.json: cannot be read (it is of run {run.id}: a copy)" in told[0]


def test_a_run_of_another_protocol_that_was_put_here_is_named(workspace, tmp_path):
    score(workspace, "one")
    other = Workspace(tmp_path / "other")
    stranger = other.create(sample_proposal("two"), "mad", "ffff", "evaluated", card=sample_card("ffff"))
    put = workspace.root / "runs" / "20991231_235959"
    shutil.copytree(other.folder(stranger), put)
    (put / RUN).write_text((put / RUN).read_text().replace(stranger.id, put.name))
    with pytest.raises(WorkspaceError, match=r"20991231_235959: a run of another protocol, mad \(ffff\): move it out"):
        workspace.reconcile()


def test_a_run_that_was_removed_by_hand_is_missed_until_the_table_is_made_anew(workspace):
    gone, kept = score(workspace, "gone"), propose(workspace, "kept")
    shutil.rmtree(workspace.folder(gone))
    with pytest.raises(WorkspaceError, match=r"has a row gone that no run in runs/ stands behind"):
        workspace.reconcile()
    assert workspace.rebuild() == ("gone",)
    assert workspace.reconcile() == ()
    assert workspace.history().runs == (kept,)


def test_a_lost_protocol_is_known_from_the_runs(workspace):
    propose(workspace)
    (workspace.root / PROTOCOL).unlink()
    with pytest.raises(WorkspaceError, match=r"holds scores of protocol smoke"):
        workspace.check_protocol("mad", "ffff")
    propose(workspace, "two")
    assert json.loads((workspace.root / PROTOCOL).read_text())["fingerprint"] == FINGERPRINT


def test_a_new_workspace_is_made(tmp_path):
    workspace = Workspace(tmp_path / "a" / "b")
    propose(workspace)
    assert json.loads((workspace.root / PROTOCOL).read_text()) == {"name": "smoke", "fingerprint": FINGERPRINT}
    assert workspace.rows() == {}


def test_a_file_where_the_folder_should_be_is_known_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(WorkspaceError, match=r"cannot be (read|written) \(.*give another --workspace"):
            Workspace(folder).check_protocol("smoke", "0")


def test_a_folder_that_cannot_be_written_is_known_before_the_work(read_only):
    with pytest.raises(WorkspaceError, match=r"cannot be written \(Permission denied\)") as caught:
        Workspace(read_only).check_protocol("smoke", "0")
    assert caught.value.exit_code == USAGE


def test_a_full_disk_leaves_the_run_where_it_was(workspace, monkeypatch):
    run = workspace.advance(propose(workspace, stage="approved"), "evaluating", attempts=1)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkspaceError, match=r"cannot be written \(No space left on device\)"):
        workspace.advance(run, "evaluated", card=sample_card())
    with pytest.raises(WorkspaceError, match=r"cannot be written \(No space left on device\)"):
        propose(workspace, "two")
    monkeypatch.undo()
    assert Workspace(workspace.root).history().runs == (run,)
    workspace.reconcile()
    assert not [path for path in (workspace.root / "runs").rglob(".*") if path.name.startswith((".new-", ".run.json"))]


def test_a_run_that_was_cut_off_goes_on_until_that_becomes_a_habit(workspace):
    run = propose(workspace, stage="approved")
    for attempt in range(1, INTERRUPTIONS + 1):
        run = workspace.advance(run, "evaluating", attempts=attempt)
        (run,) = workspace.reconcile()
    assert (run.stage, run.failure.kind) == ("failed", "interrupted")
    assert f"cut off {INTERRUPTIONS} times" in str(run.failure.reason)
    assert workspace.reconcile() == ()


def test_a_second_search_hears_of_the_first(workspace):
    with workspace.locks.searching():
        other = Workspace(workspace.root)
        assert f"process {os.getpid()} on " in other.locks.searcher()
        with (
            pytest.raises(WorkspaceError, match=rf"process {os.getpid()} on .* is searching here; wait") as caught,
            other.locks.searching(),
        ):
            pass
        assert caught.value.exit_code == USAGE
        score(other, "by_hand_meanwhile")
    assert workspace.locks.searcher() is None


def test_a_search_that_was_killed_holds_nothing(workspace):
    script = f"""
import pathlib, time
from agent.store.workspace import Workspace
with Workspace(pathlib.Path({str(workspace.root)!r})).locks.searching():
    print("searching", flush=True)
    time.sleep(60)
"""
    other = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "searching\n"
    assert f"process {other.pid} on " in workspace.locks.searcher()
    other.kill()
    other.wait()
    other.stdout.close()
    with workspace.locks.searching():
        assert f"process {os.getpid()} on " in workspace.locks.searcher()


def test_writers_wait_for_each_other(workspace):
    names = [f"x{number}" for number in range(16)]
    threads = [threading.Thread(target=score, args=(Workspace(workspace.root), name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(workspace.rows()) == sorted(names)
    assert sorted(run.name for run in workspace.history().scored) == sorted(names)


# Every call that changes the disk, as far as a workspace makes it.
CALLS = ("mkdir", "rename", "replace", "fsync", "chmod", "open", "unlink")


def live(root, calls):
    """A short search in a process of its own, which gets SIGKILL before the given call. Its exit code."""
    pid = os.fork()
    if pid == 0:
        left = calls

        def counted(call):
            def counting(*arguments, **options):
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*arguments, **options)

            return counting

        for name in CALLS:
            setattr(os, name, counted(getattr(os, name)))
        try:
            short_search(Workspace(root))
            os._exit(0)
        finally:  # the tests' own process goes on elsewhere
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def short_search(workspace):
    """Two runs from proposal to note, going on wherever an earlier process was."""
    workspace.reconcile()
    for name in ("one", "two"):
        runs = [run for run in workspace.history().runs if run.name == name]
        run = runs[-1] if runs else propose(workspace, name, "approved")
        if run.stage == "approved":
            run = workspace.advance(run, "evaluating", attempts=run.attempts)
        if run.stage == "evaluating":
            run = workspace.advance(run, "evaluated", card=sample_card())
        if run.stage == "evaluated":
            workspace.advance(run, "analysed")


@pytest.mark.slow
def test_a_kill_at_any_write_loses_nothing_and_doubles_nothing(tmp_path):
    """SIGKILL of a real process at every write boundary, one after the other, until one lives to its end."""
    boundary, finished = 0, set()
    while True:
        boundary += 1
        root = tmp_path / str(boundary)
        exit_code = live(root, boundary)
        if exit_code == 0:
            break
        assert exit_code == -signal.SIGKILL
        workspace = Workspace(root)
        before = {run.id: run.stage for run in workspace.history().runs}
        assert set(workspace.rows()) <= {run.name for run in workspace.history().scored}
        short_search(workspace)
        after = workspace.history().runs
        assert sorted(run.name for run in after) == ["one", "two"]
        assert before.keys() <= {run.id for run in after}
        assert all(run.stage == "analysed" and run.scored for run in after)
        assert list(workspace.rows()) == ["one", "two"]
        assert [path.name for path in root.rglob(".new-*")] == []
        finished.add(tuple(before.values()))
    assert boundary > 30
    assert {(), ("approved",), ("evaluating",), ("evaluated",), ("analysed",)} <= finished


def test_one_secret_test_seed_a_workspace(tmp_path):
    """It is drawn once, and differs from that of another workspace; an older one keeps its template's."""
    home = Workspace(tmp_path / "one")
    seed = home.test_seed()
    assert Workspace(tmp_path / "one").test_seed() == seed
    assert json.loads((tmp_path / "one" / "runs" / "test_seed.json").read_text()) == {"seed": seed}
    assert Workspace(tmp_path / "two").test_seed() != seed
    older = Workspace(tmp_path / "older")
    card = sample_card(Memorize=0.5)
    older.create(sample_proposal(TEMPLATE), card.protocol, card.fingerprint, "evaluated", card=card)
    assert older.test_seed() == card.test_seed


def test_scores_on_fresh_seeds_stay_with_the_run_and_make_no_row(tmp_path):
    home = Workspace(tmp_path)
    card = sample_card(Memorize=0.5)
    run = home.create(sample_proposal(TEMPLATE), card.protocol, card.fingerprint, "evaluated", card=card)
    rows = home.rows()
    fresh = Confirmation(2, sample_card(Memorize=0.9))
    home.keep_confirmation(run, fresh)
    found = Workspace(tmp_path).history()
    assert found.confirmations[run.id].times == 2
    assert found.confirmations[run.id].card.scores == fresh.card.scores
    assert home.rows() == rows
    assert found.find(TEMPLATE).card.scores == card.scores
