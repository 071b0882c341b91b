"""What a message tells to type is what works from here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.core import invocation
from agent.core.invocation import command


@pytest.fixture
def interpreter(monkeypatch, tmp_path):
    """This interpreter in an environment of the current folder, `.venv`."""
    path = tmp_path / ".venv" / "bin" / "python"
    monkeypatch.setattr(sys, "executable", str(path))
    monkeypatch.chdir(tmp_path)
    return path


def found(monkeypatch, path):
    monkeypatch.setattr(invocation.shutil, "which", lambda name: None if path is None else str(path))


@pytest.mark.parametrize("elsewhere", [None, "/usr/bin/python"])
def test_an_environment_of_this_folder_is_called_by_its_path(interpreter, monkeypatch, elsewhere):
    found(monkeypatch, elsewhere)
    assert command("report --open") == ".venv/bin/python -m agent report --open"


def test_an_activated_environment_is_called_by_its_name(interpreter, monkeypatch):
    found(monkeypatch, interpreter)
    assert command("table", module="agent.study") == "python -m agent.study table"


def test_from_elsewhere_it_is_called_by_its_whole_path(interpreter, monkeypatch):
    found(monkeypatch, None)
    (interpreter.parents[2] / "work").mkdir()
    monkeypatch.chdir(Path("work"))
    assert command("status") == f"{interpreter} -m agent status"


def test_another_workspace_is_named(interpreter, monkeypatch):
    found(monkeypatch, interpreter)
    assert command("status", Path()) == "python -m agent status"
    assert command("status", Path("a night")) == "python -m agent status --workspace 'a night'"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", "^ +0.1 +- 0.0 -> ??"),
        ("latin-1", "^ +0.1 ± 0.0 -> ??"),
        ("gbk", "▲ +0.1 ± 0.0 → 好的"),
        ("utf-8", "▲ +0.1 ± 0.0 → 好的"),
    ],
)
def test_a_sign_that_a_terminal_has_not_is_another(encoding, shown):
    script = "from agent.core.invocation import settle; settle(); print('\u25b2 +0.1 \xb1 0.0 \u2192 \u597d\u7684')"
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment, check=True)
    assert done.stdout.decode(encoding).strip() == shown
