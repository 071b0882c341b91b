"""What is approved is trained, or begun anew another time when that is stopped; and several read at once."""

import json

import pytest
from at_a_terminal import CTRL_C, ENTER, AtTerminal
from proposed_runs import DECAY, VALUE_SKIP, scored_template, wait_for_review
from small_evaluations import living

from agent.core.baselines import TEMPLATE
from agent.core.errors import INTERRUPTED
from agent.core.run import Review
from agent.desk.decisions import approve, reject
from agent.store.workspace import StaleRun

pytestmark = pytest.mark.slow  # every test here starts the whole program


@pytest.fixture
def home(tmp_path):
    workspace = scored_template(tmp_path / "home")
    (workspace.root / "search.toml").write_text(f'protocol = "smoke"\nbaselines = ["{TEMPLATE}"]\n')
    return workspace


@pytest.fixture
def start(home, tmp_path):
    begun = []
    (tmp_path / "scratch").mkdir()

    def start(*arguments, **terminal):
        scratch = {"TMPDIR": str(tmp_path / "scratch")}
        begun.append(AtTerminal(*arguments, "--workspace", home.root, "--allow-unsandboxed", **scratch, **terminal))
        return begun[-1]

    yield start
    for terminal in begun:
        terminal.kill()


def looping(home):
    """Someone else's variant that never ends, approved by mistake."""
    (run,) = wait_for_review(home, "value_skip")
    source = run.proposal.source.replace("    q = F.norm", "    while True:\n        pass\n    q = F.norm", 1)
    assert source != run.proposal.source
    return home.amend(run, proposal=type(run.proposal)(**vars(run.proposal) | {"source": source}))


def test_ctrl_c_twice_stops_a_training_that_is_begun_anew_another_time(start, home, tmp_path):
    run = looping(home)
    desk = start("review").see(VALUE_SKIP, "q quit").press("a").see("remark").press(ENTER).see("now", "training")
    desk._wait(lambda: living(tmp_path / "scratch"), "a worker")
    desk.press(CTRL_C).see("Ctrl-C again stops now")
    assert home.find(run.id).stage == "evaluating"
    desk.press(CTRL_C)
    assert desk.end() == INTERRUPTED
    assert living(tmp_path / "scratch") == []
    home.reconcile()
    assert home.find(run.id).stage == "approved"


def test_a_search_with_review_proposes_until_it_is_stopped(start, home):
    desk = start("search", "--review").see("1 waiting", "proposed by catalogue", "q quit")
    first = home.history().runs[1]
    desk.press("r").see("because").press("too slow", ENTER).miss(first.name)
    desk.see("1 waiting", "proposed by catalogue", "q quit")
    second = home.history().runs[2]
    assert second.proposal.moves != first.proposal.moves
    desk.press("a").see("remark").press(ENTER).miss(second.name)
    desk.see("1 waiting", "q quit")
    # Once: the leg that is trained is finished.
    assert desk.press(CTRL_C).end() == INTERRUPTED
    assert home.find(first.id).review.reason == "too slow"
    rejected, trained, waiting = home.history().runs[1:4]
    assert (rejected.stage, waiting.stage) == ("rejected", "proposed")
    # Its next leg, or its note, is a step of its own, which the next search takes.
    assert trained.legs if trained.stage == "approved" else trained.stage in ("evaluated", "analysed", "stopped")
    assert "Stopped because you stopped it." in desk.written
    assert json.loads((home.root / "runs" / "ended.json").read_text())["reason"]["en"] == "you stopped it"


def test_a_review_beside_a_search_leaves_the_training_to_it(start, home):
    wait_for_review(home, "value_skip")
    with home.locks.searching():
        desk = start("review").see(VALUE_SKIP, "q quit").press("a").see("remark").press(ENTER)
        assert desk.end() == 0
        assert "the search that is running trains it" in desk.written
    assert home.find(VALUE_SKIP).stage == "approved"


def test_two_who_read_the_same_card(start, home):
    wait_for_review(home, "value_skip", "data_dependent_decay")
    one = start("review", "--no-train").see(VALUE_SKIP, "q quit").press("r").see("because").press("half a re")
    other = start("review", "--no-train").see(VALUE_SKIP, "q quit").press("a").see("remark").press("mine", ENTER)
    other.see(DECAY, f"approved {VALUE_SKIP}: mine")
    one.see(DECAY, "was decided or changed elsewhere meanwhile", "1 waiting").press("q")
    other.press("q")
    assert (one.end(), other.end()) == (0, 0)
    assert home.find(VALUE_SKIP).review == Review("approved", "a person", "mine")


def test_of_two_decisions_at_once_the_first_counts(home):
    (run,) = wait_for_review(home, "value_skip")
    approve(home, run, "yes")
    with pytest.raises(StaleRun, match="somebody else decided about it meanwhile"):
        reject(home, run, "no")
    assert home.find(run.id).review.reason == "yes"
