"""What a message tells to type is what works from here."""

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
