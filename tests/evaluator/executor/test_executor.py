"""What holds for every executor, here and on a Ray cluster; and how a lost place is made up for."""

import math
import os
import re
import signal
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from sample_cards import sample_card, sample_proposal
from small_evaluations import ONE_TASK, alive, running

from agent.core.baselines import TEMPLATE, baseline_path
from agent.core.errors import Unavailable
from agent.core.isolation import Isolation
from agent.core.languages import LANGUAGES
from agent.core.reason import Reason
from agent.evaluator.assignment import Assignment
from agent.evaluator.evaluation import evaluate
from agent.evaluator.executor.choice import open_executor
from agent.evaluator.executor.cluster import Node, Nodes, check_node, code_digest
from agent.evaluator.executor.local import LocalPlace, local_executor
from agent.evaluator.executor.news import Closed, Opened
from agent.evaluator.executor.place import PlaceLost
from agent.evaluator.executor.pool import Pool
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.jail.gpu_memory import VISIBLE
from agent.evaluator.jail.isolation import prove_isolation
from agent.evaluator.protocols import MAD, SMOKE
from agent.search.assembly import assemble
from agent.search.config import Config
from agent.search.screen import Screen
from agent.store.files import WorkspaceError
from agent.store.workspace import Workspace

pytestmark = pytest.mark.slow  # every test here starts the whole program

SECONDS = 1200.0  # against hanging only
JOB = Assignment(baseline_path(TEMPLATE).read_text(), ONE_TASK, "cpu", test_seed=1, workers=1)
NEEDS_RAY = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray, an optional extra, is not installed: pip install ray"
)

LANDLOCK = Reason("isolation.landlock")


@pytest.fixture(scope="module", params=["here", pytest.param("on Ray", marks=NEEDS_RAY)])
def executor(request):
    """Two places. Those here are told to see one GPU each, which changes nothing on a CPU."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with ExitStack() as stack:
        if request.param == "here":
            yield stack.enter_context(Pool({"a": partial(LocalPlace, "7"), "b": partial(LocalPlace, "8")}, "cpu"))
        else:
            yield stack.enter_context(open_executor("local", "cpu", places=2, allow_unsandboxed=True))


def places_of_this_process():
    """The processes of its places: spawned ones, and the actors of Ray."""
    found = []
    for pid in running(os.getpid()):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if b"spawn_main" in command or command.startswith((b"ray::Worker", b"ray::_Worker")):
            found.append(pid)
    return found


def test_a_run_whose_place_is_killed_is_carried_out_once_more_and_scores_the_same(executor, tmp_path):
    killed = []

    def kill(update):
        if not killed:
            killed.extend(places_of_this_process())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    card = executor.submit(JOB, kill).result(SECONDS)
    assert killed
    assert not any(alive(pid) for pid in killed)
    ours = evaluate(baseline_path(TEMPLATE), ONE_TASK, "cpu", 1, workers=1)
    assert card.scores == ours.scores
    assert (card.fingerprint, card.versions, card.tasks) == (ours.fingerprint, ours.versions, ours.tasks)


def test_a_failure_comes_back_as_it_was(executor):
    with pytest.raises(EvaluationFailed, match=r"refused: variant.py, line 1: imports os"):
        executor.evaluate(Assignment("import os\n", ONE_TASK, executor.device))


def test_closing_ends_a_run_in_its_middle_and_leaves_no_process(executor):
    training = threading.Event()
    future = executor.submit(JOB, lambda update: training.set())
    assert training.wait(SECONDS)
    with_it = [process for pid in places_of_this_process() for process in running(pid)]
    gpus = {seen for pid in with_it if (seen := gpus_seen_by(pid))}
    executor.close()
    assert future.cancelled()
    deadline = time.monotonic() + 60
    while any(alive(pid) for pid in with_it) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in with_it)
    if "ray" not in sys.modules:  # which hides the GPUs from an actor that did not ask for one
        assert gpus
        assert gpus <= {b"7", b"8"}


def gpus_seen_by(pid):
    """What a process was told when it started; the workers' own is what counts, since they use the GPU."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it ended just now
        return None
    return next((line.partition(b"=")[2] for line in environment if line.startswith(VISIBLE.encode() + b"=")), None)


class Scripted:
    """A place that is lost as often as it is told to be, and writes down where it was asked."""

    asked: list[int]

    def __init__(self, number, losses, asked):
        self.number, self.losses, self.asked = number, losses, asked

    def evaluate(self, assignment, watch):
        self.asked.append(self.number)
        if self.losses:
            self.losses.pop()
            raise PlaceLost("gone")
        return "card"

    def close(self):
        pass


@pytest.mark.parametrize(("losses", "scored"), [(0, True), (1, True), (2, False)])
def test_a_lost_run_is_tried_once_more_and_elsewhere(losses, scored):
    left, asked = [None] * losses, []
    with Pool({"a": lambda: Scripted(0, left, asked), "b": lambda: Scripted(1, left, asked)}, "cpu") as pool:
        future = pool.submit(JOB)
        if scored:
            assert future.result(SECONDS) == "card"
        else:
            with pytest.raises(EvaluationFailed, match=r"crash: .*lost twice.*gone"):
                future.result(SECONDS)
    assert len(asked) == min(losses, 1) + 1
    assert len(set(asked)) == len(asked)


def test_a_place_that_loses_three_in_a_row_is_closed_and_told_in_every_language():
    left, asked = [None] * 3, []
    with Pool({"a": lambda: Scripted(0, left, asked), "b": lambda: Scripted(1, [], asked)}, "cpu") as pool:
        assert pool.names == ("a", "b")
        for _ in range(3):
            with pytest.raises(PlaceLost, match="gone"):
                pool.begin("a", JOB, lambda update: None).result(SECONDS)
        news = [pool.news.get(timeout=SECONDS) for _ in range(6)]
        assert [each.place for each in news] == ["a", "b", "a", "a", "a", "a"]
        assert isinstance(news[-2], Closed)
        for code in LANGUAGES:
            assert {"a", "3", "gone"} <= {*re.findall(r"\w+", news[-2].why[code])}
        assert pool.names == ("b",)
        with pytest.raises(PlaceLost):
            pool.begin("a", JOB, lambda update: None).result(SECONDS)
        assert pool.begin("b", JOB, lambda update: None).result(SECONDS) == "card"


def test_an_answer_between_losses_speaks_for_a_place():
    left, asked = [None] * 2, []
    with Pool({"a": lambda: Scripted(0, left, asked)}, "cpu") as pool:
        for _ in range(2):
            for _ in range(2):
                with pytest.raises(PlaceLost):
                    pool.begin("a", JOB, lambda update: None).result(SECONDS)
            assert pool.begin("a", JOB, lambda update: None).result(SECONDS) == "card"
            left.extend([None] * 2)
        assert pool.names == ("a",)


def test_a_place_that_cannot_be_opened_is_not_used_and_where_none_is_left_that_is_said():
    def refused():
        raise Unavailable("node n has another version")

    with Pool({"a": refused, "b": lambda: Scripted(1, [], [])}, "cpu") as pool:
        assert [pool.submit(JOB).result(SECONDS) for _ in range(3)] == ["card"] * 3
        assert pool.names == ("b",) or pool.begin("a", JOB, print).exception(SECONDS)
    told = "no place is left to evaluate at; a is not used: node n has another"
    with Pool({"a": refused}, "cpu") as pool, pytest.raises(Unavailable, match=told):
        pool.submit(JOB).result(SECONDS)


def node(number, alive=True, cores=2):
    return {"NodeID": f"id{number}", "NodeManagerHostname": "host", "Alive": alive, "Resources": {"CPU": float(cores)}}


def test_nodes_of_a_cluster_come_and_go_with_their_places():
    there, opened = [node(1)], []

    def place(node_id):
        opened.append(node_id)
        return Scripted(0, [], [])

    nodes = Nodes(lambda: there, place, "cpu", most=3)
    with Pool({}, "cpu", grows=True) as pool:
        nodes.update(pool)
        assert {pool.news.get(timeout=SECONDS).place for _ in range(2)} == {"host/cpu:0", "host/cpu:1"}
        there.append(node(2))
        nodes.update(pool)
        third = pool.news.get(timeout=SECONDS)
        assert (third, pool.places) == (Opened("host-id2/cpu:0"), 3)  # no more than so many
        there[0] = node(1, alive=False)
        nodes.update(pool)
        news = [pool.news.get(timeout=SECONDS) for _ in range(3)]
        assert [(type(each), each.place) for each in news if isinstance(each, Closed)] == [
            (Closed, "host/cpu:0"), (Closed, "host/cpu:1")
        ]  # fmt: skip
        assert opened == ["id1", "id1", "id2", "id2"]
        nodes.update(pool)
        assert pool.news.empty()


def test_the_only_place_tries_a_lost_run_again():
    left, asked = [None], []
    with Pool({"a": lambda: Scripted(0, left, asked)}, "cpu") as pool:
        assert pool.submit(JOB).result(SECONDS) == "card"
    assert asked == [0, 0]


def test_a_search_evaluates_where_its_executor_does(tmp_path):
    isolation, lines = Isolation((LANDLOCK,), (), 12, ()), []
    with Pool({"a": lambda: Scripted(0, [], [])}, "cuda") as pool:
        search = assemble(Config(), Workspace(tmp_path), isolation, Screen(print, lines.append), pool)
        assert (search.executor.device, search.protocol.name) == ("cuda", "mad")
        assert search.executor.begin("a", JOB, lambda update: None).result(SECONDS) == "card"
    assert {replica.setting.label for replica in search.replication.next(sample_card()).replicas()} == MAD.lone_settings
    assert [line for line in lines if "mad trains 49 settings with one seed: the template is trained on 2 more" in line]


@pytest.mark.parametrize(
    ("settings", "said"),
    [({}, True), ({"hours": 8}, False), ({"hours": math.inf}, False), ({"protocol": "mad"}, False)],
)
def test_a_short_search_on_a_gpu_is_told_how_long_its_protocol_takes(tmp_path, settings, said):
    lines = []
    with Pool({"a": lambda: Scripted(0, [], [])}, "cuda") as pool:
        assemble(Config(**settings), Workspace(tmp_path), Isolation((), (), 1, ()), Screen(print, lines.append), pool)
    assert any("longer than the 0.25 hours given" in line for line in lines) == said


def test_a_search_goes_on_under_the_protocol_of_its_workspace(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.create(sample_proposal(), "smoke", SMOKE.fingerprint, "approved")
    search = assemble(Config(), workspace, prove_isolation(), Screen(print, print))
    assert (search.protocol.name, search.most_times, search.verifies_by) == ("smoke", 1, ())
    with pytest.raises(WorkspaceError, match="holds scores of protocol smoke"):
        assemble(Config(protocol="quick"), workspace, prove_isolation(), Screen(print, print))


def test_of_a_protocol_whose_noise_is_measured_nothing_is_said(tmp_path):
    lines = []
    search = assemble(Config(protocol="quick"), Workspace(tmp_path), prove_isolation(), Screen(print, lines.append))
    assert search.replication.next(sample_card()) is None
    assert not [line for line in lines if "noise" in line]


def test_each_visible_gpu_has_a_place(monkeypatch):
    monkeypatch.setenv(VISIBLE, "4,GPU-12")
    for places, expected in ((None, 2), (1, 1), (5, 2)):
        with local_executor("cuda", places) as pool:
            assert (pool.places, pool.device) == (expected, "cuda")


def test_a_node_with_other_code_or_without_isolation_is_given_nothing():
    proven = Isolation((LANDLOCK,), (), 12, ())
    check_node(Node("n", code_digest(), proven), allow_unsandboxed=False)
    with pytest.raises(Unavailable, match=r"node n .* another version"):
        check_node(Node("n", "another", proven), allow_unsandboxed=True)
    broken = Node("n", code_digest(), Isolation((), (LANDLOCK,), 12, (Reason("isolation.read_file"),)))
    with pytest.raises(Unavailable, match=r"node n .*NOT PROVEN"):
        check_node(broken, allow_unsandboxed=False)
    check_node(broken, allow_unsandboxed=True)
    useless = Node("n", code_digest(), replace(proven, trouble=Reason.said("AcceleratorError: OS call failed")))
    with pytest.raises(Unavailable, match=r"node n .*GPU CANNOT BE USED in it: AcceleratorError"):
        check_node(useless, allow_unsandboxed=True)


@NEEDS_RAY
def test_a_cluster_that_is_not_there_is_one_line():
    with pytest.raises(Unavailable, match=r"no Ray cluster at 127.0.0.1:1"), open_executor("127.0.0.1:1", "cpu"):
        pass
