"""The fork server and its children: who ends, how it is told, and that nobody is left."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from small_evaluations import living

from agent.evaluator import forkserver, jail
from agent.evaluator.forkserver import Ward
from agent.evaluator.isolation import prove_isolation
from agent.evaluator.jail import Ending, confined

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to a subreaper; run it there")


def until(fact, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@ON_LINUX
@pytest.mark.parametrize("then", ["stay", "leave"])
def test_a_daemon_dies_with_the_child_that_began_it(tmp_path, then):
    with confined("tests.unconfined", [then], tmp_path) as child:
        assert next(child.lines(lambda: False)) == b"born"
        if then == "leave":
            assert child.ending(10) == Ending(0)
            until(lambda: not living(tmp_path))
        else:
            assert len(living(tmp_path)) == 2
    assert (tmp_path / "daemon").read_text()
    assert living(tmp_path) == []


@ON_LINUX
def test_a_fork_server_that_died_takes_its_children_along_and_is_replaced(tmp_path):
    with confined("tests.unconfined", ["stay"], tmp_path) as child:
        next(child.lines(lambda: False))
        os.kill(jail._nursery._process.pid, signal.SIGKILL)
        assert list(child.lines(lambda: False)) == []
        assert child.ending(10) == Ending(-9)
        daemon = int((tmp_path / "daemon").read_text())
        until(lambda: living(tmp_path) == [daemon])
        os.kill(daemon, signal.SIGKILL)  # nobody else is left who could
    (tmp_path / "daemon").unlink()
    with confined("tests.unconfined", ["stay"], tmp_path) as child:
        assert next(child.lines(lambda: False)) == b"born"


def test_what_the_kernel_does_not_limit_is_watched(tmp_path, monkeypatch):
    ward = Ward(os.getpid(), str(tmp_path), -1)
    assert ward.excess() is None
    (tmp_path / "large").write_bytes(b"x" * 1000)
    monkeypatch.setattr(forkserver, "LARGEST_FOLDER", 999)
    assert ward.excess() == "disk"
    if Path("/proc/self/statm").exists():
        monkeypatch.setattr(forkserver, "RESIDENT_SHARE", 1e-6)
        assert ward.excess() == "memory"


@ON_LINUX
def test_isolation_is_proven_by_what_was_tried():
    isolation = prove_isolation()
    assert isolation.proven, isolation.line
    assert isolation.tried >= 14
    assert {"Landlock", "seccomp", "no capabilities", "resource limits"} <= set(isolation.layers)
    assert "none worked" in isolation.line
