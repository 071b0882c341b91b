"""A disk that is full, and a folder that may not be written: a clear word, nothing corrupted, and on it goes."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal
from small_search import Script, small_search

from agent.core.errors import USAGE
from agent.store.files import WorkspaceError
from agent.store.lineage import Lineage
from agent.store.workspace import Workspace

SIZE = 400 << 10  # bytes: room for a few runs
MS_RDONLY, MS_REMOUNT, MNT_DETACH = 1, 32, 2  # of man mount


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own that is soon full."""
    libc = ctypes.CDLL(None, use_errno=True)
    where = str(tmp_path / "disk").encode()
    os.mkdir(where)
    if libc.mount(b"tmpfs", where, b"tmpfs", 0, f"size={SIZE}".encode()):
        pytest.skip("only root may mount a small file system: run the tests as root, as in a container")
    yield Path(os.fsdecode(where))
    libc.umount2(where, MNT_DETACH)


def fill(disk):
    """Write until nothing more fits."""
    with (disk / "ballast").open("ab", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"x" * 4096)
        except OSError:
            return


def live(workspace, name):
    """A run from its proposal to its row."""
    run = workspace.create(sample_proposal(name), "smoke", FINGERPRINT, "approved")
    run = workspace.advance(run, "evaluating", attempts=1)
    return workspace.advance(run, "evaluated", card=sample_card())


def live_until_full(workspace):
    """The names of the runs that were said to be kept before the disk was full, and the error."""
    names = []
    try:
        while True:
            live(workspace, f"x{len(names)}")
            names.append(f"x{len(names)}")
    except WorkspaceError as error:
        return names, str(error)


def test_runs_until_the_disk_is_full_lose_nothing_that_was_said_to_be_done(small_disk):
    workspace = Workspace(small_disk / "workspace")
    kept, error = live_until_full(workspace)
    assert len(kept) > 2
    assert error.endswith("cannot be written (No space left on device); nothing was lost: make room, and start again")

    again = Workspace(workspace.root)
    runs = again.history().runs
    assert [run.name for run in runs if run.scored][: len(kept)] == kept
    assert all(again.with_curves(run).card.tasks["Memorize"].seeds[0].curve for run in runs if run.scored)
    assert kept == list(again.rows())[: len(kept)]

    for run in runs[:3]:
        shutil.move(again.folder(run), small_disk.parent / "elsewhere" / run.id)  # makes room
    assert again.rebuild() == tuple(kept[:3])
    again.reconcile()
    assert live(again, "one_more").scored
    assert list(again.rows())[-1] == "one_more"
    assert not list(workspace.root.rglob(".new-*"))


@pytest.mark.slow
def test_a_search_on_a_full_disk_says_so_and_goes_on_when_there_is_room(small_disk):
    root = small_disk / "workspace"
    search = small_search(root, proposer=Script())

    def show(status):
        """The disk is full before the training ends."""
        if status.phase == "training":
            fill(small_disk)

    search.journal.show = show
    with pytest.raises(WorkspaceError, match=r"cannot be written \(No space left on device\)") as caught:
        search.run()
    assert caught.value.exit_code == USAGE
    (run,) = Workspace(root).history().runs
    assert run.stage in ("approved", "evaluating")
    (small_disk / "ballast").unlink()
    small_search(root, proposer=Script()).run()
    (run,) = Workspace(root).history().runs
    assert (run.stage, run.scored) == ("analysed", True)
    assert list(Workspace(root).rows()) == [run.name]


def test_git_on_a_full_disk_is_told_in_one_line(small_disk):
    workspace = Workspace(small_disk / "workspace")
    run = live(workspace, "one")
    lineage = Lineage(workspace.root)
    assert lineage.log() == ()
    fill(small_disk)
    with pytest.raises(WorkspaceError, match=r"lineage.*(git failed|cannot be written) \(.*"):
        lineage.record(run)
    (small_disk / "ballast").unlink()
    lineage.catch_up([run])
    assert [entry.name for entry in lineage.log()] == ["one"]


@pytest.mark.slow
def test_a_search_in_a_folder_that_may_not_be_written_is_refused_in_one_line(small_disk):
    ctypes.CDLL(None).mount(b"tmpfs", str(small_disk).encode(), b"tmpfs", MS_REMOUNT | MS_RDONLY, None)
    told = subprocess.run(
        [sys.executable, "-m", "agent", "search", "--protocol", "smoke", "--workspace", str(small_disk)],
        capture_output=True,
        text=True,
    )
    assert (told.returncode, told.stdout) == (USAGE, "")
    assert (
        told.stderr
        == f"deltasearch: {small_disk}: cannot be written (Read-only file system); give another --workspace\n"
    )
