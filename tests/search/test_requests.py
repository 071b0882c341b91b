"""What a person asks of a search from outside of it, and what the search does about it."""

import shutil

import pytest
from scored_by_source import untrained
from small_search import Script

from agent.core.baselines import TEMPLATE
from agent.core.errors import ENDED, UsageError
from agent.search.assembly import make_catalogue, training
from agent.search.loop import NOTHING_LEFT
from agent.search.requests import ASKED_TO_STOP, NOTHING_CAME
from agent.store.files import WorkspaceError
from agent.store.requests import (
    NothingIsSearching,
    ask_of_search,
    queue_idea,
    queued_ideas,
    set_wish,
    wish_of,
)
from agent.store.workspace import Workspace


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A workspace in which the template has a score."""
    root = tmp_path_factory.mktemp("scored")
    untrained(root, proposer=Script()).run()
    return root


@pytest.fixture
def home(scored, tmp_path):
    return Workspace(shutil.copytree(scored, tmp_path / "home"))


def proposing(home, **facts):
    """A search that trains nothing: what it proposes waits."""
    return untrained(home.root, proposer=make_catalogue(), review=True, **facts)


def test_queued_ideas_come_first_in_their_order_and_know_what_became_of_them(home):
    first = queue_idea(home, " value_skip ")
    unknown = queue_idea(home, "no_such_move")
    again = queue_idea(home, "value_skip", TEMPLATE)
    last = queue_idea(home, "", TEMPLATE)
    search = proposing(home)
    runs = [search.propose(), search.propose()]
    assert runs[0].name == f"{TEMPLATE}_value_skip"
    assert runs[1].proposal.parents == (TEMPLATE,)
    found = {queued.id: queued for queued in queued_ideas(Workspace(home.root))}
    assert list(found) == [first.id, unknown.id, again.id, last.id]
    assert not any(queued.waits for queued in found.values())
    assert [found[queued.id].run for queued in (first, last)] == [run.id for run in runs]
    assert "no move 'no_such_move'" in found[unknown.id].trouble["en"]
    assert found[again.id].trouble == NOTHING_CAME


def test_a_search_that_proposes_nothing_leaves_the_queue_to_one_that_does(home):
    queue_idea(home, "value_skip")
    assert training(proposing(home)).run() == NOTHING_LEFT
    assert queued_ideas(home)[0].waits


@pytest.mark.parametrize(
    ("idea", "parent", "said"), [(" ", "", "say what to try"), ("x", "delta_net_4layer_gone", "has no score to go on")]
)
def test_what_cannot_be_queued_is_refused(home, idea, parent, said):
    with pytest.raises(UsageError, match=said):
        queue_idea(home, idea, parent)
    assert queued_ideas(home) == ()


def test_a_search_that_is_asked_to_stop_finishes_its_run_first(home):
    search = untrained(home.root, proposer=make_catalogue())
    asked = []

    def show(status):
        if status.phase == "training" and not asked:
            asked.append(status.run)
            ask_of_search(Workspace(home.root), "stop")

    search.journal.show = show
    stop = search.run()
    assert stop == ASKED_TO_STOP
    assert stop.exit_code == ENDED
    assert [(run.name, run.stage) for run in Workspace(home.root).history().runs[1:]] == [(asked[0], "analysed")]
    assert wish_of(home) == "go on"


def test_a_pause_lasts_until_it_is_over_and_nothing_is_begun_meanwhile(home):
    search = untrained(home.root, runs=1, proposer=make_catalogue())
    seen = []

    def show(status):
        other = Workspace(home.root)
        if status.phase not in seen:
            seen.append(status.phase)
        if status.phase == "starting" and "paused" not in seen:
            ask_of_search(other, "pause")
        if status.phase == "paused":
            assert len(other.history().runs) == 1
            ask_of_search(other, "go on")

    search.journal.show = show
    assert search.run().reason["en"] == "its run is done"
    assert seen[:3] == ["starting", "paused", "proposing"]


def test_a_paused_search_can_be_stopped(home):
    search = untrained(home.root, proposer=make_catalogue())
    wishes = {"starting": "pause", "paused": "stop"}
    search.journal.show = lambda status: ask_of_search(Workspace(home.root), wishes[status.phase])
    assert search.run() == ASKED_TO_STOP
    assert len(home.history().runs) == 1


def test_only_a_search_that_runs_can_be_asked_and_what_was_asked_of_another_is_forgotten(home):
    with pytest.raises(NothingIsSearching):
        ask_of_search(home, "stop")
    set_wish(home, "stop")
    assert untrained(home.root, runs=1, proposer=make_catalogue()).run().reason["en"] == "its run is done"


def test_a_wish_that_is_none_is_named(home):
    home.keep("wish.json", '{"wish": "dance"}')
    with pytest.raises(WorkspaceError, match=r"wish\.json: cannot be read \('dance' is none of go on, pause, stop"):
        wish_of(home)
