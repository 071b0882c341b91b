"""The folder of a search: its table, its one protocol, and files that are never half written."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pandas
import pytest

from agent.baselines import BASELINES, reference_scores
from agent.errors import USAGE
from agent.evaluator.setting import TASKS
from agent.workspace import Workspace, WorkspaceError, write_atomically

SCORES = dict(zip(TASKS, (0.1, 1.0, 0.0, 1 / 3, 0.25, 0.999_999_9), strict=True))


def card(fingerprint="0123456789ab", **changed):
    """As much of a score card as a workspace reads."""
    return SimpleNamespace(protocol="smoke", fingerprint=fingerprint, scores=SCORES | changed)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def test_the_table_is_what_pandas_expects(workspace):
    workspace.add_row("delta_net", card())
    workspace.add_row("gated_delta_net", card(Memorize=0.5))
    header, first, second = (workspace.root / "results.csv").read_text().splitlines()
    assert header == ",Compress,Context Recall,Fuzzy Recall,Memorize,Noisy Recall,Selective Copy"
    assert first == "delta_net,0.100000,1.000000,0.000000,0.333333,0.250000,1.000000"
    assert second == "gated_delta_net,0.100000,1.000000,0.000000,0.500000,0.250000,1.000000"
    table = pandas.read_csv(workspace.root / "results.csv", index_col=0)
    assert list(table.index) == ["delta_net", "gated_delta_net"]
    assert list(table.columns) == list(TASKS)
    assert table.loc["gated_delta_net", "Memorize"] == 0.5
    assert workspace.rows() == table.to_dict(orient="index")


def test_it_has_the_form_of_the_known_scores(workspace):
    for name, scores in reference_scores().items():
        workspace.add_row(name, card(**scores))
    assert list(workspace.rows()) == list(BASELINES)
    assert workspace.rows() == reference_scores()


@pytest.mark.parametrize("name", ["", "DeltaNet", "delta-net", "2x", "_x", "a b", "../x", "x\n", "тест", "x" * 129])
def test_names_that_are_none(workspace, name):
    with pytest.raises(WorkspaceError, match="is no variant name: use lower-case letters"):
        workspace.check_new(name, "smoke", "0")


def test_a_name_is_given_once(workspace):
    workspace.check_new("x" * 128, "smoke", "0123456789ab")
    workspace.add_row("x" * 128, card())
    with pytest.raises(WorkspaceError, match=r"already has a row x+: choose another name"):
        workspace.add_row("x" * 128, card(Memorize=0.9))
    assert workspace.rows()["x" * 128]["Memorize"] == 0.333333


def test_scores_of_another_protocol_are_refused(workspace):
    workspace.add_row("one", card())
    with pytest.raises(WorkspaceError, match=r"holds scores of protocol smoke \(0123456789ab\), not of mad \(ffff\)"):
        workspace.check_new("two", "mad", "ffff")
    workspace.check_new("two", "a smoke by another name", "0123456789ab")


def test_rows_of_an_unknown_protocol_are_not_added_to(workspace):
    workspace.add_row("one", card())
    (workspace.root / "runs" / "protocol.json").unlink()
    with pytest.raises(WorkspaceError, match=r"no runs/protocol\.json says of which protocol"):
        workspace.add_row("two", card())


@pytest.mark.parametrize("text", ["name,Compress\nx,1\n", ",Compress\nx,high\n", ",Compress\nx\n", ",A\nx,1,2"])
def test_a_broken_table_is_named_and_left_alone(workspace, text):
    path = workspace.root / "results.csv"
    path.write_text(text)
    with pytest.raises(WorkspaceError, match=r"results\.csv: cannot be read .*; repair it"):
        workspace.add_row("one", card())
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"name": "smoke"}'])
def test_a_broken_protocol_is_named(workspace, text):
    workspace.add_row("one", card())
    (workspace.root / "runs" / "protocol.json").write_text(text)
    with pytest.raises(WorkspaceError, match=r"protocol\.json: cannot be read .*; repair it"):
        workspace.check_new("two", "smoke", "0123456789ab")


def test_a_new_workspace_is_made(tmp_path):
    workspace = Workspace(tmp_path / "a" / "b")
    workspace.check_new("one", "smoke", "0123456789ab")
    workspace.add_row("one", card())
    assert json.loads((workspace.root / "runs" / "protocol.json").read_text()) == {
        "name": "smoke",
        "fingerprint": "0123456789ab",
    }


@pytest.fixture
def read_only():
    """A folder that may be read and not written, and someone who is bound by that, as the superuser is not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        yield Path(folder)
        os.seteuid(user)


def test_a_file_where_the_folder_should_be_is_known_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(WorkspaceError, match=r"cannot be written \(.*\); give another --workspace"):
            Workspace(folder).check_new("one", "smoke", "0")


def test_a_folder_that_cannot_be_written_is_known_before_the_work(read_only):
    with pytest.raises(WorkspaceError, match=r"cannot be written \(Permission denied\)") as caught:
        Workspace(read_only).check_new("one", "smoke", "0")
    assert caught.value.exit_code == USAGE
    with pytest.raises(WorkspaceError, match=r"new: cannot be written \(Permission denied\)"):
        write_atomically(read_only / "new", "")


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
from agent.workspace import write_atomically
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
