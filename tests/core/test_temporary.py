"""Temporary folders: what a killed process leaves is removed, and nothing else is."""

import signal
import subprocess
import sys
import tempfile

import pytest

from agent.core.temporary import PREFIX, remove_abandoned, temporary_folder

KEEPER = """
import sys, time
from agent.core.temporary import temporary_folder
with temporary_folder() as folder:
    (folder / "weights").write_text("large")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def there(tmp_path, monkeypatch):
    """The system's temporary directory, as this test and the processes that it starts know it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_stays(there):
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER], stdout=subprocess.PIPE, text=True)
    kept = keeper.stdout.readline().strip()
    with temporary_folder() as mine:
        (mine / "variant.py").touch()
        remove_abandoned()
        assert names(there) == sorted([mine.name, kept.rpartition("/")[2]])
        keeper.send_signal(signal.SIGKILL)
        keeper.wait()
        keeper.stdout.close()
        remove_abandoned()
        assert names(there) == [mine.name]
    assert names(there) == []


def test_a_folder_that_is_just_being_made_is_not_taken_for_abandoned(there):
    made = there / f"{PREFIX}now"  # and not yet locked
    made.mkdir()
    remove_abandoned()
    assert names(there) == [made.name]


def test_neither_links_nor_folders_of_another_name_are_touched(there, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "text").touch()
    (there / f"{PREFIX}link").symlink_to(elsewhere)
    (there / "deltasearch-edit").mkdir()
    (there / "deltasearch-edit" / "mine.py").touch()
    before = names(there)
    remove_abandoned()
    assert names(there) == before
    assert names(elsewhere) == ["text"]
    assert names(there / "deltasearch-edit") == ["mine.py"]
