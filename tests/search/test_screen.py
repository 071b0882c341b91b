"""What a search shows: a panel on a terminal, plain lines elsewhere, the same facts for another shell."""

import json
import os
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.cli.search import summarise
from agent.core.baselines import TEMPLATE
from agent.core.failure import Failure
from agent.core.invocation import command
from agent.core.reason import Reason
from agent.core.run import Review
from agent.core.text import Text
from agent.evaluator.progress import Update
from agent.evaluator.protocols import SMOKE
from agent.llm import Call, Interrupted
from agent.search.budget import Budget, Ledger, Stop
from agent.search.journal import Journal
from agent.search.screen import Drawing, describe_status, open_screen, panel
from agent.store.files import WorkspaceError
from agent.store.status import End, Status, read_end, read_status
from agent.store.workspace import Workspace

STATUS = Status(
    "training", f"{TEMPLATE}_x", f"A change (from {TEMPLATE})", "Memorize V16 L16, step 4/8", share=0.5,
    budget="1:00 of 15:00, 1 run", isolation="isolation: Landlock; 14 tried, none worked", busy=0.75, tried=3, kept=1,
    failed=1, best=f"▲ {TEMPLATE}_y: 0.7000", latest=("✗ a: crash: why", f"▲ {TEMPLATE}_y: 0.7000"),
)  # fmt: skip

AHEAD = "+0.0667 ± 0.0126 against the template: learns faster, memory kept (memory +0.00, learnability +1.10 log-odds)"


def drawn(renderable, width=100):
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(renderable)
    return console.export_text()


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace(tmp_path)
    run = workspace.create(
        sample_proposal(TEMPLATE, author="baseline"), "smoke", FINGERPRINT, "evaluated", card=sample_card()
    )
    workspace.advance(run, "analysed")
    return workspace


def score(workspace, name, **scores):
    proposal = sample_proposal(name, parents=(TEMPLATE,))
    run = workspace.create(proposal, "smoke", FINGERPRINT, "evaluated", card=sample_card(**scores))
    return workspace.advance(run, "analysed")


@pytest.fixture
def journal(workspace):
    lines, shown = [], []
    journal = Journal(
        workspace, Ledger(Budget(hours=0.25, runs=5)), shown.append, lines.append, "isolation: as in tests"
    )
    journal.lines, journal.shown = lines, shown
    return journal


def test_the_panel_has_everything_that_is_known_just_now():
    text = drawn(panel(STATUS))
    for part in (
        f"now     training {TEMPLATE}_x", f"idea    A change (from {TEMPLATE})", f"best    ▲ {TEMPLATE}_y: 0.7000",
        "so far  3 tried: 1 better than the template, 1 failed",
        "used    1:00 of 15:00, 1 run; training 75% of the time", " 50%", "Memorize V16 L16, step 4/8",
    ):  # fmt: skip
        assert part in text
    assert text.index("50%") < text.index("best")


def test_the_panel_fits_a_narrow_terminal_without_losing_a_word():
    text = drawn(panel(STATUS), width=40)
    assert max(map(len, text.splitlines())) <= 40
    joined = "".join(text.split())
    assert f"{TEMPLATE}_x" in joined
    assert "of the time".replace(" ", "") in joined


def test_whom_the_search_waits_for_is_seen_on_the_screen_and_from_another_shell(workspace, journal, capfd, monkeypatch):
    began = time.mktime((2025, 1, 1, 22, 14, 3, 0, 0, -1))
    journal.calls = lambda: (Call("tiny", "propose", began, 1234), Call("tiny", "analyse", began, 0))
    journal.phase("proposing")
    journal.waits()
    asked = "tiny to propose since 22:14:03, 1234 tokens so far; tiny to analyse since 22:14:03, 0 tokens so far"
    assert journal.shown[-1].asked == read_status(workspace).asked == asked
    assert f"asked   {asked[:40]}" in drawn(panel(journal.shown[-1]))
    assert f"asked      {asked}" in describe_status(journal.shown[-1], "process 1")
    assert asked not in describe_status(journal.shown[-1], None)  # it was killed meanwhile

    monkeypatch.setattr("agent.search.screen.SECONDS_BETWEEN_LINES", -1.0)
    with open_screen() as plain:
        plain.show(journal.shown[-1])
    assert f"asked: {asked}" in capfd.readouterr()[0]
    journal.calls = tuple
    journal.waits()
    assert journal.shown[-1].asked == ""


def test_who_stops_a_search_that_waits_for_a_model_is_heard_at_once(journal):
    journal.ledger.interrupted = True
    with pytest.raises(Interrupted):
        journal.waits()


def test_before_training_there_is_no_bar():
    text = drawn(panel(replace(STATUS, training="", phase="checking")))
    assert "━" not in text
    assert "checking" in text


def test_a_warning_is_drawn_at_once_whatever_else_happens():
    drawing = Drawing(STATUS)
    drawing.warn("stopping after this step; Ctrl-C again stops now")
    assert "stopping after this step" in drawn(drawing.draw())
    drawing.show(replace(STATUS, run="another"))
    assert "stopping after this step" in drawn(drawing.draw())
    assert "another" in drawn(drawing.draw())


def test_elsewhere_there_are_plain_lines(capfd):
    with open_screen() as screen:
        screen.line("▲ a: 0.7")
        screen.show(STATUS)
        screen.show(replace(STATUS, share=0.6))  # at once after the first: not worth a line
        screen.warn("stopping after this step")
    output, errors = capfd.readouterr()
    first, second = output.splitlines()
    assert first[8:] == "  ▲ a: 0.7"
    assert second[8:] == f"  training {TEMPLATE}_x: A change (from {TEMPLATE})"
    assert errors == "stopping after this step\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_a_log_that_has_no_room_does_not_end_a_search(monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    full, broken = open("/dev/full", "w"), open(writer, "w")  # noqa: SIM115
    monkeypatch.setattr("sys.stdout", full)
    with open_screen() as screen:
        screen.line("▲ a: 0.7")
        screen.show(STATUS)
    monkeypatch.setattr("sys.stdout", broken)
    with open_screen() as screen, pytest.raises(BrokenPipeError):
        screen.line("nobody reads this")
    for stream in (full, broken):
        with suppress(OSError):  # what is left in its buffer is lost
            stream.close()


def test_another_shell_reads_the_same_and_how_it_ended():
    now = replace(STATUS, started=time.time(), updated=time.time())
    text = describe_status(STATUS, "process 7 on host, since 10:00,")
    assert text.splitlines()[0] == "process 7 on host, since 10:00, is searching"
    assert "training   50%  Memorize V16 L16, step 4/8" in text
    assert "isolation  Landlock; 14 tried, none worked" in text
    assert text.splitlines()[-2:] == [f"latest     ▲ {TEMPLATE}_y: 0.7000", "           ✗ a: crash: why"]
    ended = describe_status(now, None, End(now.started, time.time(), Text("its 5 runs are done", "完成")))
    assert "nobody is searching; the last search stopped 0:00 ago because its 5 runs are done" in ended
    assert "Memorize V16" not in ended
    killed = describe_status(now, None, End(now.started - 100, time.time() - 50, Text("an earlier one", "")))
    assert "the last search was seen 0:00 ago" in killed


def test_the_journal_keeps_what_it_shows(journal, workspace):
    journal.begin(workspace.history(), ())
    proposal = sample_proposal(f"{TEMPLATE}_x", parents=(TEMPLATE,))
    journal.phase("training", proposal)
    kept = read_status(workspace)
    assert kept == journal.shown[-1]
    assert (kept.phase, kept.run, kept.idea) == ("training", proposal.name, f"A change (from {TEMPLATE})")
    assert kept.best == f"· {TEMPLATE}: 0.5000; a known variant"
    assert kept.budget == "0:00 of 15:00, 0 of 5 runs"
    assert journal.lines == ["isolation: as in tests", "going on with 1 run, 1 of them scored"]

    run = score(workspace, f"{TEMPLATE}_x", Memorize=0.9)
    journal.ended(workspace.history(), run)
    kept = read_status(workspace)
    assert (kept.tried, kept.kept, kept.failed) == (1, 1, 0)
    assert kept.latest[-1] == journal.lines[-1]
    assert kept.best.startswith(f"{kept.latest[-1]}; best of 1, not confirmed")
    assert kept.best.startswith(
        f"▲ {TEMPLATE}_x: 0.5667 (+0.0667 ± 0.0126 against the template: learns faster, memory kept ("
    )


def test_what_was_cut_off_is_said(journal, workspace):
    run = score(workspace, "x")
    gone = replace(run, card=None, failure=Failure("interrupted", Reason("failure.cut_off", {"times": 2})))
    journal.begin(workspace.history(), (run, gone))
    assert "x was cut off while it was evaluated: it is evaluated again" in journal.lines
    assert "x was cut off while it was evaluated: it is given up" in journal.lines


def test_a_status_that_cannot_be_kept_costs_no_training(journal, workspace):
    watch = journal.training(SMOKE, "cpu")
    (replica, *_) = SMOKE.replicas()
    update = Update(replica.key, 4, 1.5, 0.25, False)
    watch(update)
    (workspace.root / "runs" / "status.json").unlink()
    (workspace.root / "runs" / "status.json").mkdir()  # cannot be replaced by a file
    journal.written = -100.0
    watch(replace(update, step=8))
    assert "step 8/8" in journal.shown[-1].training
    with pytest.raises(WorkspaceError, match="cannot be written"):
        journal.write()


def test_how_a_search_ended_is_kept(journal, workspace):
    journal.stopped(Text("it never began", "未开始"))
    assert read_end(workspace) is None
    journal.write()
    journal.stopped(Text("its 5 runs are done", "已完成"))
    assert read_end(workspace).reason == Text("its 5 runs are done", "已完成")
    assert json.loads((workspace.root / "runs" / "ended.json").read_text())["reason"]["zh"] == "已完成"


def test_the_summary_counts_and_says_what_to_read_first(workspace):
    for name, value in (("good", 0.9), ("bad", 0.1), ("same", 0.501), ("dull", 0.5)):
        score(workspace, f"{TEMPLATE}_{name}", Memorize=value)
    proposal = sample_proposal(f"{TEMPLATE}_broken", parents=(TEMPLATE,))
    workspace.create(
        proposal, "smoke", FINGERPRINT, "failed", failure=Failure("crash", Reason.said("KeyError: 'gate'"))
    )
    workspace.create(sample_proposal(f"{TEMPLATE}_no"), "smoke", FINGERPRINT, "rejected",
                     review=Review("rejected", "a person", "too slow"))  # fmt: skip
    workspace.create(sample_proposal(f"{TEMPLATE}_later"), "smoke", FINGERPRINT, "proposed")
    text = summarise(workspace.history(), Stop(Text("its 5 runs are done", "")), workspace.root)
    lines = text.splitlines()
    assert lines[0] == "Stopped because its 5 runs are done."
    assert lines[1] == (
        "5 proposals tried: 1 better than the template beyond the noise, 1 failed, 1 rejected, "
        "1 waiting for a decision."
    )
    assert lines[2].startswith(
        f"Best: ▲ {TEMPLATE}_good: 0.5667 (+0.0667 ± 0.0126 against the template: learns faster, memory kept ("
    )
    runs = {run.name: run.id for run in workspace.history().runs}
    read_first = [line.strip() for line in lines if line.strip().endswith("insights.md")]
    assert read_first == [
        f"{workspace.root}/runs/{runs[f'{TEMPLATE}_{name}']}/insights.md" for name in ("good", "bad", "same")
    ]
    assert lines[-2:] == [
        f"All scores: {workspace.root}/results.csv, with their errors: {command('table', workspace.root)}",
        f"The report, with every note and curve: {command('report --open', workspace.root)}",
    ]


def test_a_line_steers_no_terminal(capsys):
    with open_screen() as screen:
        screen.line("\x1b]0;owned\x07\x1b[31mred")
    assert capsys.readouterr().out.endswith("  ]0;owned[31mred\n")
