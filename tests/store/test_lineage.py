"""The lineage in git: every scored variant a commit, made of the run alone, and nothing of the user touched."""

import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.errors import Unavailable
from agent.core.invocation import command
from agent.core.run import Milestone, Run
from agent.store.files import WorkspaceError
from agent.store.lineage import Lineage

BASE, A, B, BOTH = "delta_net_4layer", "delta_net_4layer_a", "delta_net_4layer_b", "delta_net_4layer_a_and_b"


def scored(name, at, *parents, **facts):
    proposal = sample_proposal(name, source=f"# {name}\nx = 'β'\n", parents=parents, **facts)
    milestones = (Milestone("proposed", at - 60.0), Milestone("evaluated", at + 0.5))
    return Run(str(at), "analysed", proposal, "smoke", FINGERPRINT, milestones, card=sample_card())


RUNS = (
    scored(BASE, 1_000),
    scored(A, 2_000, BASE),
    scored(B, 3_000, BASE, author="a person"),
    scored(BOTH, 4_000, A, B),
)


def git(path, *arguments):
    return subprocess.run(
        ["git", "--git-dir", str(path), *arguments], capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def lineage(tmp_path):
    lineage = Lineage(tmp_path)
    for run in RUNS:
        lineage.record(run)
    return lineage


def test_a_variant_is_a_commit_on_its_parent_variant(lineage):
    entries = {entry.name: entry for entry in lineage.log()}
    assert list(entries) == [BOTH, B, A, BASE]
    assert [entries[name].parents for name in (BASE, A, B, BOTH)] == [(), (BASE,), (BASE,), (A, B)]
    assert entries[A].average == pytest.approx(0.5)
    assert lineage.source(A) == RUNS[1].proposal.source
    shown = git(lineage.path, "log", "-1", "--format=%an|%ae|%ad|%B", "--date=unix", B)
    assert shown.startswith(f"a person|deltasearch@localhost|3000|{B}\n\nA change\n一处改动")
    assert git(lineage.path, "fsck", "--strict", "--no-dangling") == ""


def test_recording_again_changes_nothing_and_a_rebuild_gives_the_same_hashes(lineage):
    before = {entry.name: entry.commit for entry in lineage.log()}
    assert lineage.record(RUNS[1]) == before[A]
    lineage.rebuild(RUNS)
    assert {entry.name: entry.commit for entry in lineage.log()} == before


def test_a_torn_repository_is_repaired(lineage):
    before = {entry.name: entry.commit for entry in lineage.log()}
    (lineage.path / "refs" / "tags" / A).unlink()
    (lineage.path / "HEAD").unlink()
    for name in ("HEAD.lock", f"refs/tags/{A}.lock"):
        (lineage.path / name).touch()
    assert lineage.record(RUNS[1]) == before[A]
    assert {entry.name: entry.commit for entry in lineage.log()} == before


def test_an_unknown_variant_is_named_with_those_there_are(lineage, tmp_path):
    with pytest.raises(WorkspaceError, match=rf"no variant 'x'; there are .*{BASE}"):
        lineage.source("x")
    assert Lineage(tmp_path / "new").log() == ()


def test_a_parent_that_is_not_there_leaves_a_root(tmp_path):
    lineage = Lineage(tmp_path)
    lineage.record(RUNS[1])
    assert lineage.log()[0].parents == ()


def test_the_users_own_git_is_neither_read_nor_touched(tmp_path, monkeypatch):
    theirs = tmp_path / "theirs"
    subprocess.run(["git", "init", "-q", str(theirs)], check=True)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "reference-transaction").chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(f"[commit]\n gpgsign = true\n[core]\n hooksPath = {hooks}\n[i18n]\n commitEncoding = latin1\n")
    expected = {run.name: Lineage(tmp_path / "quiet").record(run) for run in RUNS}

    before = sorted(str(path) for path in theirs.rglob("*"))
    hostile = {
        "GIT_DIR": str(theirs / ".git"), "GIT_WORK_TREE": str(theirs), "GIT_INDEX_FILE": str(theirs / "index"),
        "GIT_OBJECT_DIRECTORY": str(theirs / "objects"), "GIT_CONFIG_GLOBAL": str(config), "OPENAI_API_KEY": "secret",
    }  # fmt: skip
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.chdir(theirs)
    workspace = theirs / "workspace"
    assert {run.name: Lineage(workspace).record(run) for run in RUNS} == expected
    assert {name: os.environ[name] for name in hostile} == hostile
    assert sorted(str(path) for path in theirs.rglob("*") if not path.is_relative_to(workspace)) == before


def test_without_git_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="git is not installed"):
        Lineage(tmp_path).record(RUNS[0])


def test_a_rerun_of_another_time_is_another_commit(tmp_path):
    later = replace(RUNS[0], milestones=(Milestone("evaluated", 9_000.0),))
    assert Lineage(tmp_path / "a").record(later) != Lineage(tmp_path / "b").record(RUNS[0])


def test_a_lineage_that_was_deleted_or_damaged_is_made_anew(lineage):
    before = {entry.name: entry.commit for entry in lineage.log()}

    def caught_up():
        lineage.catch_up(RUNS)
        return {entry.name: entry.commit for entry in lineage.log()} == before

    shutil.rmtree(lineage.path)
    assert caught_up()
    (lineage.path / "refs" / "tags" / A).unlink()
    assert caught_up()
    (lineage.path / "HEAD").write_text("rubbish")
    assert caught_up()
    whole = sorted((path, path.stat().st_mtime_ns) for path in lineage.path.rglob("*") if path.is_file())
    assert caught_up()
    assert sorted((path, path.stat().st_mtime_ns) for path in lineage.path.rglob("*") if path.is_file()) == whole


def test_what_git_fails_at_is_told_with_what_to_do(lineage):
    (lineage.path / "HEAD").write_text("rubbish")
    with pytest.raises(
        WorkspaceError, match=r"lineage.git: git failed \(.*\); if it is damaged, have it made anew"
    ) as told:
        lineage.record(replace(RUNS[1], proposal=replace(RUNS[1].proposal, name=f"{BASE}_new")))
    assert str(told.value).endswith(command("rebuild", lineage.path.parents[1]))


def test_where_nothing_may_be_written_it_is_read_all_the_same(lineage, monkeypatch):
    lock = lineage.path.with_suffix(".lock")
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (lineage.path, os.W_OK))
    before = lineage.log()
    lock.unlink()
    assert lineage.log() == before != ()
    assert not lock.exists()


def test_an_interruption_waits_until_git_is_done(lineage, tmp_path):
    """Ctrl-C at a terminal goes to git as well, which would die of it and leave half a variant."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nkill -INT 0\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    script = f"""
import pathlib, pickle, sys
from agent.core.invocation import command
from agent.store.lineage import Lineage
try:
    Lineage(pathlib.Path({str(tmp_path / "new")!r})).record(pickle.load(sys.stdin.buffer))
except KeyboardInterrupt:
    print("interrupted")
"""
    told = subprocess.run(
        [sys.executable, "-c", script], input=pickle.dumps(RUNS[0]), stdout=subprocess.PIPE, start_new_session=True,
        env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert (told.returncode, told.stdout) == (0, b"interrupted\n")
    assert [entry.name for entry in Lineage(tmp_path / "new").log()] == [BASE]
