"""The control group of all workers, on a stand-in for the kernel's file system: this machine may divide no real one."""

import os
import subprocess
import sys

import pytest

from agent.evaluator.jail import cgroup
from agent.evaluator.jail.cgroup import make_cgroup

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has control groups; run it there")


@pytest.fixture
def groups(tmp_path, monkeypatch):
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids\n")
    monkeypatch.setattr(cgroup, "GROUPS", tmp_path)
    return tmp_path


def test_a_group_has_limits_and_whoever_its_command_begins_is_in_it(groups):
    group = make_cgroup()
    assert group.folder is not None
    assert group.folder.parent == groups
    assert 0 < int((group.folder / "memory.max").read_text()) < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert int((group.folder / "pids.max").read_text()) == cgroup.PROCESSES
    told = subprocess.run([*group.command, "sh", "-c", "echo $$"], capture_output=True, text=True, check=True)
    assert (group.folder / "cgroup.procs").read_text() == told.stdout


def test_what_a_killed_program_left_is_swept(groups):
    left, living = groups / "deltasearch-999999999", groups / f"deltasearch-{os.getppid()}"
    left.mkdir()
    living.mkdir()
    make_cgroup()
    assert not left.exists()
    assert living.exists()


def test_a_group_that_cannot_be_divided_is_missing_and_says_so(groups):
    (groups / "cgroup.subtree_control").write_text("cpu\n")
    group = make_cgroup()
    assert (group.folder, group.command) == (None, ())
    assert "none of version 2 can be divided" in str(group.missing)


def test_an_empty_group_is_removed(groups):
    group = cgroup.Cgroup(groups / "deltasearch-1")
    group.folder.mkdir()
    group.remove()
    assert not group.folder.exists()
    group.remove()
