"""Files that are never half written."""

import os
import subprocess
import sys

import pytest

from agent.core.errors import USAGE
from agent.store.files import WorkspaceError, write_atomically


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "below" / "note.md"
    for text in ("English\n", "中文\n", ""):
        write_atomically(path, text)
        assert path.read_bytes() == text.encode()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("instruction", ["os.fsync", "os.chmod", "os.replace"])
def test_a_kill_before_the_rename_leaves_the_old_file(tmp_path, instruction):
    path = tmp_path / "results.csv"
    path.write_text("old")
    killed = subprocess.run([sys.executable, "-c", f"""
import os, pathlib
from agent.store.files import write_atomically
{instruction} = lambda *arguments: os.kill(os.getpid(), 9)
write_atomically(pathlib.Path({str(path)!r}), "new")
"""])  # fmt: skip
    assert killed.returncode == -9
    assert path.read_text() == "old"


def test_an_error_before_the_rename_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "results.csv"
    path.write_text("old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkspaceError, match=r"results\.csv: cannot be written \(No space left on device\)"):
        write_atomically(path, "new")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_a_folder_that_cannot_be_written_is_named(read_only):
    with pytest.raises(WorkspaceError, match=r"new: cannot be written \(Permission denied\)") as caught:
        write_atomically(read_only / "new", "")
    assert caught.value.exit_code == USAGE
