"""Every file of tests/attacks, run for real: how it is stopped, what is said of it, and that nothing came of it.

Its docstring says what it tries. "Gate" is what the gate says of it where the gate sees it; "Told" is what becomes of
it in any case, also where it slips past the gate. "harmless" means that it is scored as any variant: it gained nothing.
"""

import os
import re
import socket
import tempfile
import threading
import time
from pathlib import Path

import pytest
from small_evaluations import ONE_TASK, living

from agent.evaluator import check
from agent.evaluator.evaluation import evaluate
from agent.evaluator.exam import EvaluationFailed
from agent.evaluator.variant import LARGEST_FILE, VariantRefused

ATTACKS = sorted((Path(__file__).parent / "attacks").glob("*.py"))
LENGTH = next(ONE_TASK.replicas()).setting.input_length


class Scene:
    """What an attack would harm: a secret outside of its folder, a listener, a table."""

    def __init__(self, folder: Path) -> None:
        self.outside, self.workplace = folder / "outside", folder / "workplace"
        for place in (self.outside, self.workplace):
            place.mkdir()
        self.secret = self.outside / "secret"
        self.secret.write_text("canary")
        self.table = self.outside / "results.csv"
        self.table.write_text(",Memorize\n")
        self.server = socket.create_server(("127.0.0.1", 0))
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(self.server.getsockname())
        for heard in (self.server, self.datagrams):
            heard.setblocking(False)
        self.before = self.state()

    def state(self) -> list[tuple]:
        facts = [(path, path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes()) for path in self.files()]
        shared = sorted(Path("/dev/shm").glob("deltasearch-left")) if Path("/dev/shm").is_dir() else []
        return [*facts, shared, threading.active_count()]

    def files(self) -> list[Path]:
        return sorted(self.outside.iterdir())

    def stage(self, attack: Path, path: Path) -> Path:
        told = {
            "@OUTSIDE@": str(self.outside),
            "@PORT@": str(self.server.getsockname()[1]),
            "@LENGTH@": str(LENGTH),
            "@FILLING@": "x" * LARGEST_FILE,
        }
        text = attack.read_text()
        for name, value in told.items():
            text = text.replace(name, value)
        path.write_text(text)
        return path

    def assert_unharmed(self) -> None:
        assert self.state() == self.before
        for heard in (self.server, self.datagrams):
            with pytest.raises(BlockingIOError):
                heard.accept() if heard is self.server else heard.recv(1)
        assert not list(Path(os.__file__).parent.glob("site-packages/left.pth"))


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    monkeypatch.setattr(check, "SECONDS", 4.0)
    scene = Scene(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(scene.workplace))
    yield scene
    scene.server.close()
    scene.datagrams.close()


def expectations(attack):
    """The lines of an attack's docstring by their first word."""
    return dict(re.findall(r"^(Gate|Told): (.*)$", attack.read_text(), re.MULTILINE))


def outcome(path):
    try:
        evaluate(path, ONE_TASK)
    except (EvaluationFailed, VariantRefused) as error:
        return str(error)
    return "harmless"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_an_attack_is_stopped(scene, tmp_path, attack):
    expected = expectations(attack)
    said = outcome(scene.stage(attack, tmp_path / "variant.py"))
    assert re.search(expected.get("Gate", expected["Told"]), said)
    scene.assert_unharmed()


@pytest.mark.parametrize("attack", [a for a in ATTACKS if "Gate" in expectations(a)], ids=lambda path: path.stem)
def test_an_attack_that_slips_past_the_gate_is_stopped_too(scene, tmp_path, attack, monkeypatch):
    monkeypatch.setattr(check, "check_code", lambda path: None)
    said = outcome(scene.stage(attack, tmp_path / "variant.py"))
    assert re.search(expectations(attack)["Told"], said)
    scene.assert_unharmed()
    deadline = time.monotonic() + 5
    while living(scene.workplace):
        assert time.monotonic() < deadline
        time.sleep(0.05)
