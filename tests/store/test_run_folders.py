"""A workspace of many runs is read once: what is written is known at once, also to others, and edits soon after."""

import json

import pytest
from sample_histories import FINGERPRINT, write_history

from agent.core.run import Proposal
from agent.core.text import Text
from agent.store import run_folders
from agent.store.folder import RUN
from agent.store.workspace import Workspace


@pytest.fixture
def looks(monkeypatch):
    """How often every folder was looked at, as if a handful of runs were many, and a look took very long."""
    monkeypatch.setattr(run_folders, "MANY", 3)
    monkeypatch.setattr(run_folders, "RARELY", 10**6)
    counted, look = [], run_folders.RunFolders._readable
    monkeypatch.setattr(run_folders.RunFolders, "_readable", lambda self: counted.append(self) or look(self))
    return counted


@pytest.fixture
def root(tmp_path):
    write_history(tmp_path, 8)
    return tmp_path


def propose(workspace, name):
    return workspace.create(Proposal(name, "x", "catalogue", Text(name)), "quick", FINGERPRINT)


def test_a_history_is_the_same_one_as_long_as_nothing_has_changed(root, looks):
    workspace = Workspace(root)
    first = workspace.history()
    assert workspace.history() is first
    assert len(looks) == 1


def test_what_a_search_writes_itself_is_known_without_a_look(root, looks):
    workspace = Workspace(root)
    before = workspace.history().runs
    run = propose(workspace, "new")
    assert workspace.history().runs == (*before, run)
    approved = workspace.advance(run, "approved")
    assert workspace.history().runs == (*before, approved)
    assert len(looks) == 1


def test_what_another_process_writes_is_seen_at_once(root, looks):
    mine, theirs = Workspace(root), Workspace(root)
    mine.history()
    run = propose(theirs, "new")
    assert mine.history().find("new") is None  # it has no score
    assert mine.history().runs[-1] == run
    rejected = theirs.advance(run, "rejected")
    assert mine.history().runs[-1] == rejected
    amended = mine.amend(mine.history().runs[0], attempts=7)
    assert theirs.history().runs[0] == amended


def test_what_an_editor_changes_is_seen_with_the_next_look(root, looks, monkeypatch):
    workspace = Workspace(root)
    run = workspace.history().runs[2]
    path = workspace.folder(run) / RUN
    path.write_text(json.dumps(json.loads(path.read_text()) | {"attempts": 9}))
    assert workspace.history().runs[2] == run
    monkeypatch.setattr(run_folders, "MANY", 100)  # and few runs are looked at each time
    propose(workspace, "new")
    assert Workspace(root).history().runs[2].attempts == 9
    monkeypatch.setattr(workspace.folders, "_next_look", 0.0)
    assert workspace.history().runs[2].attempts == 9


def test_a_table_that_nothing_stands_behind_is_noticed_however_often_it_was_read(root):
    workspace = Workspace(root)
    propose(workspace, "new")
    table = root / "results.csv"
    table.write_text(table.read_text() + "stray,0.1,0.1,0.1,0.1,0.1,0.1\n")
    with pytest.raises(run_folders.WorkspaceError, match="stray"):
        propose(workspace, "newer")
