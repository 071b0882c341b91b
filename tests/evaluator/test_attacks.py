"""Every file of tests/evaluator/attacks, run for real: what stops it, what is said of it, and that nothing came of it.

Its docstring says what it tries. "Gate" is what the gate says of it where the gate sees it; "Told" is what becomes of
it in any case, also where it slips past the gate. "harmless" means that it is scored as any variant: it gained nothing.
"""

import os
import re
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from house import ROOT
from small_evaluations import ONE_TASK, living

from agent.core.reason import fields_of
from agent.evaluator import check, evaluation
from agent.evaluator.contract.variant import LARGEST_FILE, VariantRefused
from agent.evaluator.evaluation import evaluate
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.jail import forkserver_client, isolation, jail
from agent.evaluator.jail.forkserver_client import ForkServerClient
from agent.evaluator.jail.isolation import prove_isolation
from agent.evaluator.jail.wall import Wall

SECONDS_TO_LOOP = 4.0  # for the check of what is expected to loop without end
ATTACKS = sorted((Path(__file__).parent / "attacks").glob("*.py"))
LENGTH = next(ONE_TASK.replicas()).setting.input_length


class Scene:
    """What an attack would harm: a secret outside of its folder, a listener, a table."""

    def __init__(self, folder: Path) -> None:
        self.outside = folder / "outside"
        self.outside.mkdir()
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
    scene = Scene(tmp_path)
    yield scene
    scene.server.close()
    scene.datagrams.close()


@pytest.fixture(scope="module", autouse=True)
def _ready():
    """The fork server is there before the clock of an attack begins to run."""
    assert prove_isolation().proven or sys.platform != "linux"


def jobs():
    """Where all workers work."""
    return jail.fork_server._home / "job-"


def first_of_each(attacks, kind):
    """The attacks as parameters: the first of each kind takes part in the quick tests, and all in the whole."""
    firsts = {kind(attack): attack for attack in reversed(attacks)}.values()
    return [attack if attack in firsts else pytest.param(attack, marks=pytest.mark.slow) for attack in attacks]


def kind_of(attack):
    """What stops it: the gate, which is over at once and so tried with each, or what a worker or a probe says."""
    expected = expectations(attack)
    return attack.stem if "Gate" in expected else expected["Told"].partition(":")[0].partition(" of ")[0]


def expectations(attack):
    """The lines of an attack's docstring by their first word."""
    return dict(re.findall(r"^(Gate|Told): (.*)$", attack.read_text(), re.MULTILINE))


@pytest.fixture
def outcome(scene, tmp_path, monkeypatch):
    """Run an attack through the public evaluate, with the gate or without, and see what is said and done."""

    def outcome(attack, gate=True):
        if not gate:
            for module in (check, evaluation):
                monkeypatch.setattr(module, "check_code", lambda path: None)
        if expectations(attack)["Told"] == "timeout":
            monkeypatch.setattr(check, "SECONDS", SECONDS_TO_LOOP)
        path = scene.stage(attack, tmp_path / "variant.py")
        try:
            evaluate(path, ONE_TASK)
        except (EvaluationFailed, VariantRefused) as error:
            said = str(error)
            reason = error.failure.reason if isinstance(error, EvaluationFailed) else error.reason
            assert reason.fields.keys() == fields_of(reason.key)
        else:
            said = "harmless"
        scene.assert_unharmed()
        return said

    return outcome


@pytest.mark.parametrize("attack", first_of_each(ATTACKS, kind_of), ids=lambda path: path.stem)
def test_an_attack_is_stopped(outcome, attack):
    expected = expectations(attack)
    assert re.search(expected.get("Gate", expected["Told"]), outcome(attack))


@pytest.mark.slow
@pytest.mark.parametrize("attack", [a for a in ATTACKS if "Gate" in expectations(a)], ids=lambda path: path.stem)
def test_an_attack_that_slips_past_the_gate_is_stopped_too(outcome, attack):
    assert re.search(expectations(attack)["Told"], outcome(attack, gate=False))
    deadline = time.monotonic() + 30
    while living(jobs()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def unwalled():
    """A fork server without a wall around it: each worker has only what it puts on itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forkserver_client, "wall", lambda home: Wall((), "namespaces (left out by a test)"))
        mine = ForkServerClient()
        for module in (jail, isolation):
            patch.setattr(module, "fork_server", mine)
        assert prove_isolation().proven
        yield
        mine.close()


ON_THE_MACHINE = [attack for attack in ATTACKS if re.search(r"not permitted|denied", expectations(attack)["Told"])]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has what confines a worker; run it there")
@pytest.mark.parametrize(
    "attack", first_of_each(ON_THE_MACHINE, lambda attack: expectations(attack)["Told"]), ids=lambda path: path.stem
)
def test_an_attack_on_the_machine_is_stopped_without_a_wall_too(unwalled, outcome, attack):
    assert re.search(expectations(attack)["Told"], outcome(attack, gate=False))


def test_every_attack_is_told_of_where_it_is_read():
    page = (ROOT / "docs" / "security.md").read_text()
    table = page[page.index("files of `tests/evaluator/attacks/`") :]
    assert set(re.findall(r"`([a-z]\w+)`", table)) == {attack.stem for attack in ATTACKS}
