"""The fork server and its children: who ends, how it is told, and that nobody is left. With and without the wall."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import unconfined
from small_evaluations import living

from agent.core.errors import Unavailable
from agent.core.isolation import Isolation
from agent.core.reason import Reason
from agent.evaluator.jail import forkserver, forkserver_client, isolation, jail, user
from agent.evaluator.jail import wall as walls
from agent.evaluator.jail.exchange import leave, printable, take
from agent.evaluator.jail.forkserver import ForkedChild
from agent.evaluator.jail.forkserver_client import ForkServerClient
from agent.evaluator.jail.isolation import prove_isolation
from agent.evaluator.jail.jail import Ending, confined, scratch
from agent.evaluator.jail.processes import living as processes
from agent.evaluator.jail.wall import Wall, wall
from agent.search import assembly

LANDLOCK, SECCOMP = Reason("isolation.landlock"), Reason("isolation.seccomp")
LEFT_OUT = Reason("isolation.bubblewrap_refused", {"words": "left out by a test"})
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to a subreaper; run it there")


def until(fact, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module", params=["behind the wall", "without a wall"])
def around(request):
    """A fork server of this module's own, with the wall and without."""
    with pytest.MonkeyPatch.context() as patch:
        # Behind the wall, too, tests.support.unconfined must be seen.
        patch.setattr(walls, "ALSO", (*walls.ALSO, str(Path(unconfined.__file__).parent)))
        if request.param == "without a wall":
            patch.setattr(forkserver_client, "wall", lambda home: Wall((), LEFT_OUT))
        mine = ForkServerClient()
        for module in (jail, isolation):
            patch.setattr(module, "fork_server", mine)
        missing = mine.layers().missing
        if request.param == "behind the wall" and any("namespaces" in str(layer) for layer in missing):
            pytest.skip(f"{', '.join(map(str, missing))}: bubblewrap must be able to make namespaces")
        yield request.param
        mine.close()


@pytest.fixture
def folder(around):
    with scratch() as folder:
        yield folder


@ON_LINUX
@pytest.mark.parametrize("then", ["stay", "leave"])
def test_a_daemon_dies_with_the_child_that_began_it(folder, then):
    with confined("tests.support.unconfined", [then], folder) as child:
        assert next(child.lines(lambda: False)) == b"born"
        if then == "leave":
            assert child.ending(10) == Ending(0)
            assert living(folder) == []
        else:
            assert len(living(folder)) == 3
    assert (folder / "daemon").read_text()
    assert living(folder) == []


@pytest.mark.slow
@ON_LINUX
def test_a_fork_server_that_died_takes_its_children_along_and_is_replaced(folder, around):
    with confined("tests.support.unconfined", ["stay"], folder) as child:
        next(child.lines(lambda: False))
        born = living(folder)
        os.kill(jail.fork_server._process.pid, signal.SIGKILL)
        assert list(child.lines(lambda: False)) == []
        assert child.ending(10) == Ending(-9)
        if around == "behind the wall":
            until(lambda: not living(folder))
        else:
            until(
                lambda: len(living(folder)) == 2
            )  # nobody is left who could end these: it takes a wall to have all die
            assert set(living(folder)) < set(born)
            for pid in living(folder):
                os.kill(pid, signal.SIGKILL)
    (folder / "daemon").unlink()
    with confined("tests.support.unconfined", ["stay"], folder) as child:
        assert next(child.lines(lambda: False)) == b"born"


@ON_LINUX
def test_isolation_is_proven_by_what_was_tried(around):
    isolation = prove_isolation()
    assert isolation.proven, isolation.line
    assert isolation.tried >= 19
    assert {"Landlock", "seccomp", "no capabilities", "resource limits"} <= set(map(str, isolation.layers))
    assert (Reason("isolation.namespaces") in isolation.layers) == (around == "behind the wall")
    assert ("namespaces (left out by a test)" in isolation.line) == (around == "without a wall")
    assert "none worked" in isolation.line


SIGNALS_OF_FILES = """
import sys
sys.argv = ["attempts", "/nowhere"]
from agent.evaluator.jail.escape_attempts import attempts
for name, attempt in attempts({"secret": "/nowhere", "outside": "/nowhere", "port": 1}, True).items():
    if "signal" in name and name != "isolation.signal_parent":
        attempt()
        print(name)
"""


@pytest.mark.slow
@ON_LINUX
def test_what_is_tried_with_the_signals_of_files_works_where_nothing_confines_it():
    told = subprocess.run([sys.executable, "-c", SIGNALS_OF_FILES], capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    assert len(told.stdout.splitlines()) == 5


@ON_LINUX
def test_isolation_for_a_gpu_is_proven_as_well_and_says_whether_that_can_be_used_in_it(around):
    isolation = prove_isolation("cuda")
    assert isolation.proven, isolation.line
    assert {"Landlock", "seccomp", "no capabilities", "resource limits"} <= set(map(str, isolation.layers))
    if torch.cuda.is_available():
        assert isolation.kernels
        assert not isolation.trouble
    else:
        assert isolation.trouble
        assert f"THE GPU CANNOT BE USED in it: {isolation.trouble}" in isolation.line


@pytest.mark.parametrize("missing", [(), (Reason("isolation.no_cgroup"),)])
@pytest.mark.parametrize(
    ("more", "chinese"),
    [
        ({}, ""),
        ({"kernels": "inverse by triton 3.6.0 and convolution by plain PyTorch (X: no)"},
         "GPU 在其中可用，内核：inverse by triton 3.6.0 and convolution by plain PyTorch (X: no)"),
        ({"trouble": Reason.said("AcceleratorError: CUDA error: OS call failed")},
         "GPU 在其中无法使用：AcceleratorError: CUDA error: OS call failed"),
    ],
)  # fmt: skip
def test_the_line_of_an_isolation_is_told_in_chinese_with_all_that_matters(missing, more, chinese):
    told = Isolation((LANDLOCK, SECCOMP), missing, 11, (), **more).text["zh"]
    assert told.startswith("Landlock 访问限制、seccomp 调用过滤；尝试了 11 种被禁止的行为，均未成功")
    assert ("；缺少：控制组（" in told) == bool(missing)
    assert chinese in told


def test_nothing_is_searched_on_a_gpu_that_cannot_be_used(monkeypatch):
    useless = Isolation((LANDLOCK,), (), 11, (), trouble=Reason.said("AcceleratorError: CUDA error: OS call failed"))
    monkeypatch.setattr(assembly, "prove_isolation", lambda device: useless)
    for allow_unsandboxed in (False, True):
        with pytest.raises(Unavailable, match=r"OS call failed.*--device cpu"):
            assembly.require_isolation(allow_unsandboxed, "cpu")


@pytest.mark.slow
@ON_LINUX
def test_who_compiles_may_start_a_compiler_under_the_same_rules(folder, tmp_path):
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler: install gcc")
    secret = tmp_path / "secret"
    secret.write_text("canary")
    with confined("tests.support.compiling", [str(folder), str(secret)], folder) as child:
        line = next(child.lines(lambda: False), None)
        assert line is not None, child.log_tail()
    told = json.loads(line)
    assert told == {"answer": 42, "worked": []}
    assert living(folder) == []
    assert list(tmp_path.iterdir()) == [secret]


@ON_LINUX
@pytest.mark.parametrize("gpu", ["GPU-12", None])
def test_a_child_finds_the_gpu_that_it_was_given(folder, gpu):
    with confined("tests.support.tells_its_gpu", [], folder, gpu) as child:
        assert next(child.lines(lambda: False)).decode() == str(gpu or os.environ.get("CUDA_VISIBLE_DEVICES"))


@ON_LINUX
def test_a_worker_is_nobody_where_this_program_is_root(folder):
    with confined("tests.support.unconfined", ["stay"], folder) as child:
        next(child.lines(lambda: False))
        users = {Path(f"/proc/{pid}").stat().st_uid for pid in living(folder)}
    expected = jail.fork_server._user.uid if os.geteuid() == 0 else os.geteuid()
    if expected is None:
        pytest.skip(f"{jail.fork_server._user.missing}: put Python and this project where every user can read them")
    assert users == {expected}


@ON_LINUX
def test_a_user_of_its_own_must_be_able_to_open_the_gpu(tmp_path, monkeypatch):
    tried = []

    def refuse(trial, **options):
        tried.append(trial)
        return subprocess.CompletedProcess(trial, 1, "", "/dev/nvidia0 is closed to it")

    monkeypatch.setattr(user, "gpus", lambda: ["/dev/nvidia0"])
    monkeypatch.setattr(user.os, "geteuid", lambda: 0)
    monkeypatch.setattr(user.os, "chown", lambda path, uid, gid: None)
    monkeypatch.setattr(user.subprocess, "run", refuse)
    found = user.own_user((), tmp_path, {})
    assert found == user.User(None, Reason("isolation.no_user", {"words": "/dev/nvidia0 is closed to it"}))
    assert [trial[-1] for trial in tried] == ["/dev/nvidia0"]


def test_what_compiles_for_a_gpu_reaches_a_worker_and_a_key_does_not(monkeypatch, tmp_path):
    monkeypatch.setenv("TRITON_PTXAS_PATH", "/opt/ptxas")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    environment = forkserver_client.clean_environment(tmp_path)
    assert (environment["TRITON_PTXAS_PATH"], environment["CUDA_VISIBLE_DEVICES"]) == ("/opt/ptxas", "1")
    assert not any("secret" in value for value in environment.values())


def test_what_the_kernel_does_not_limit_is_watched(tmp_path, monkeypatch):
    forked = ForkedChild(os.getpid(), str(tmp_path), -1)
    assert forked.excess(processes()) is None
    (tmp_path / "large").write_bytes(b"x" * 1000)
    with monkeypatch.context() as patch:
        patch.setattr(forkserver, "LARGEST_FOLDER", 999)
        assert forked.excess(processes()) == "disk"
    with monkeypatch.context() as patch:
        patch.setattr(forkserver, "MOST_FILES", 0)
        assert forked.excess(processes()) == "disk"
    if Path("/proc/self/stat").exists():
        child = subprocess.Popen(["sleep", "60"])
        with monkeypatch.context() as patch:
            patch.setattr(forkserver, "MOST_THREADS", processes()[os.getpid()].threads)  # of this process alone
            assert forked.excess(processes()) == "threads"
        child.kill()
        child.wait()
        monkeypatch.setattr(forkserver, "RESIDENT_SHARE", 1e-6)
        assert forked.excess(processes()) == "memory"


WITHOUT_BUBBLEWRAP = "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n"


@ON_LINUX
@pytest.mark.parametrize(("program", "reason"), [(None, "install bubblewrap"), (WITHOUT_BUBBLEWRAP, "uid map")])
def test_a_wall_that_cannot_be_built_is_missing_and_says_why(tmp_path, monkeypatch, program, reason):
    if program is not None:
        (tmp_path / "bwrap").write_text(program)
        (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    built = wall(tmp_path)
    assert built.command == ()
    assert reason in str(built.missing)


def test_what_is_left_and_taken_is_never_a_trap(tmp_path):
    secret, link = tmp_path / "secret", tmp_path / "link"
    secret.write_bytes(b"canary")
    link.symlink_to(secret)
    with pytest.raises(OSError, match="link"):
        take(link, 100)
    with pytest.raises(ValueError, match="6 bytes, of which 5 would be read"):
        take(secret, 5)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="no plain file"):
        take(tmp_path / "pipe", 100)
    leave(link, b"questions")
    assert secret.read_bytes() == b"canary"
    assert take(link, 100) == b"questions"


def test_what_a_worker_prints_moves_no_cursor():
    assert printable("one\n\ttwo β \x1b[2J\x07\r", 99) == "one\n\ttwo β �[2J��"
    assert printable("long", 2) == "lo"


def test_isolation_that_is_not_proven_says_what_was_possible():
    leaky = Isolation((LANDLOCK,), (SECCOMP,), 14, (Reason("isolation.fork"),))
    assert not leaky.proven
    assert leaky.line == "isolation NOT PROVEN: Landlock; it was possible to fork; missing: seccomp"
    assert leaky.text["zh"] == "未能证明隔离：Landlock 访问限制；可以派生进程；缺少：seccomp 调用过滤"
    assert not Isolation(missing=(SECCOMP,)).proven
