"""What is proven at the start of a search, where it is told and kept, and that nothing unproven is searched with."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import without_layers
from house import ROOT

from agent.core.errors import UNAVAILABLE

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have nothing to prove; run it on Linux")
WITHOUT_LAYERS = Path(without_layers.__file__)


@pytest.fixture
def run(tmp_path):
    """Run a command as the user of the tests: with Landlock and seccomp as this kernel has them, or without."""

    def run(*arguments, layers=True):
        program = ["-m", "agent"] if layers else [str(WITHOUT_LAYERS), "-m", "agent"]
        command = [sys.executable, *program, *arguments, "--workspace", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300)

    return run


@pytest.mark.slow
@ON_LINUX
def test_a_search_with_nothing_proven_is_refused(run, tmp_path):
    told = run("search", "--hours", "0.00001", "--protocol", "smoke", "--device", "cpu", layers=False)
    assert told.returncode == UNAVAILABLE == 3, told.stderr
    assert "isolation NOT PROVEN: " in told.stderr
    assert "it was possible to" in told.stderr
    assert "fork" in told.stderr
    assert "missing: " in told.stderr
    assert "Landlock (Function not implemented)" in told.stderr
    assert "seccomp (Function not implemented)" in told.stderr
    assert "--allow-unsandboxed" in told.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@ON_LINUX
def test_whoever_insists_may_search_without(run, tmp_path):
    options = ("--hours", "0.00001", "--protocol", "smoke", "--device", "cpu", "--allow-unsandboxed")
    told = run("search", *options, layers=False)
    assert told.returncode == 0, told.stderr


@pytest.mark.slow
@ON_LINUX
def test_the_doctor_shows_it(run):
    told = run("doctor", "--json")
    assert told.returncode == 0, told.stderr
    line = json.loads(told.stdout)["isolation"]
    assert not line.startswith("isolation")  # which is said before it
    assert "forbidden things tried, none worked" in line
    if os.geteuid() == 0:
        assert "a user of its own" in line  # on, or missing and why


@pytest.fixture
def nobody():
    """What a command begins with so that it runs as a user without any power, and sees this Python all the same."""
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    if os.geteuid() != 0:
        return []
    ways = []
    for path in {sys.prefix, sys.base_prefix, str(ROOT)}:
        ways += [part for folder in reversed(Path(path).parents[:-1]) for part in ("--dir", str(folder))]
        ways += ["--ro-bind", path, path]
    opened = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/root", *ways, "--"]
    for command in (drop, [*opened, *drop]):
        with suppress(FileNotFoundError):
            again = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
            if not subprocess.run([*command, sys.executable, "-c", again], capture_output=True, cwd=ROOT).returncode:
                return command
    pytest.skip("needs setpriv, and a Python that every user can read: install it outside of /root")


@ON_LINUX
def test_it_is_proven_for_a_user_without_any_power_too(nobody):
    program = "from agent.evaluator.jail.isolation import prove_isolation; print(prove_isolation().line)"
    command = [*nobody, sys.executable, "-c", program]
    told = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT, env={"PATH": "/usr/bin:/bin"})
    assert "none worked" in told.stdout, told
    assert "Landlock, seccomp" in told.stdout
    assert "a user of its own" not in told.stdout
