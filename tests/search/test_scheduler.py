"""Several places at once: what each is given, whatever the order of the answers, and what becomes of a lost place."""

import random
import threading
from dataclasses import replace

import pytest
from scored_by_source import THREE_SEEDS, Evaluator
from scripted_places import NoLineage, ScriptedPlaces, as_recorded, proposals
from small_search import Script, small_search

from agent.core.baselines import GATED, TEMPLATE
from agent.core.errors import INTERRUPTED, Unavailable
from agent.core.languages import LANGUAGES
from agent.core.run import BASELINE
from agent.core.text import say
from agent.evaluator.executor.place import PlaceLost
from agent.search.scheduler import NOTHING_LEFT
from agent.store.places import read_events, read_stints
from agent.store.requests import ask_of_search, to_confirm, wish_of
from agent.store.workspace import Workspace

KDA = "kda"


def search_in(root, places, choose=None, count=6, runs=4, noise=False, **facts):
    """A search at so many places, in which nothing is checked or trained; with `noise` it is to be measured first."""
    executor = ScriptedPlaces(places, Evaluator(), choose or (lambda under_way: under_way[0]))
    search = small_search(root, runs, Script(*proposals(count)), executor=executor, **facts)
    search.check, search.lineage = lambda history, proposal: (), NoLineage()
    search.told = []
    search.journal.line = search.told.append
    if not noise:
        search.protocol = search.replication.protocol = THREE_SEEDS
    return search


def decisions(root):
    """What was decided and heard in a night, without the times and the runs' ids, which are times."""
    return [
        replace(event, at=0.0, run="") for event in read_events(Workspace(root)) if event.event in ("begun", "ended")
    ]


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A night at three places that answer in a random order, two of which are lost once."""
    root, chance = tmp_path_factory.mktemp("night"), random.Random(3)
    losses = {4, 9}
    answers = iter(range(1000))

    def choose(under_way):
        place = chance.choice(under_way)
        return (place, PlaceLost("gone")) if next(answers) in losses else place

    search = search_in(root, 3, choose, noise=True, baselines=(TEMPLATE, GATED, KDA))
    return root, search, search.run()


def test_every_run_is_closed_and_counted_once_whatever_the_order(night):
    root, search, stop = night
    history = Workspace(root).history()
    assert stop.reason["en"] == "its 4 runs are done"
    assert search.executor.most == 3
    assert {run.stage for run in history.runs} == {"analysed"}
    mine = [run for run in history.runs if run.proposal.author != BASELINE]
    assert len(mine) == search.ledger.finished == search.ledger.tried == 4
    assert sorted(Workspace(root).rows()) == sorted({TEMPLATE, GATED, KDA, *(run.name for run in mine)})
    assert not search.ledger.under_way
    assert not search.ledger.began


def test_the_template_comes_first_and_nothing_is_proposed_before_its_score(night):
    stints = read_stints(Workspace(night[0]))
    assert [stint.name for stint in stints[:3]] == [TEMPLATE, GATED, KDA]
    ended = next(stint.ended for stint in stints if stint.name == TEMPLATE and stint.work == "training")
    assert all(stint.begun >= ended for stint in stints if stint.name.startswith("delta_net_4layer_"))


def test_the_noise_is_measured_on_seeds_of_its_own_although_two_are_under_way(night):
    cards = Workspace(night[0]).replicates().cards
    seeds = [seed.seed for card in cards for task in card.tasks.values() for seed in task.seeds]
    assert sorted(seeds) == [1, 2]


def test_what_a_lost_place_had_is_trained_once_elsewhere(night):
    stints = read_stints(Workspace(night[0]))
    lost = [stint for stint in stints if stint.outcome == "lost"]
    assert len(lost) == 2
    for stint in lost:
        again = [each for each in stints if (each.run, each.work) == (stint.run, stint.work) and each != stint]
        again = [each for each in again if each.begun >= stint.ended]
        assert [each.outcome for each in again[:1]] == ["finished"]
        assert again[0].place != stint.place
    finished = [(stint.run, stint.leg) for stint in stints if stint.work == "training" and stint.outcome == "finished"]
    assert len(finished) == len(set(finished)) == 7
    assert {run.attempts for run in Workspace(night[0]).history().runs} == {1}


def test_the_night_is_replayed_from_its_record_with_the_same_decisions(night, tmp_path):
    root = night[0]
    recorded = as_recorded(read_events(Workspace(root)))
    search = search_in(tmp_path, 3, recorded, noise=True, baselines=(TEMPLATE, GATED, KDA))
    search.run()
    assert decisions(tmp_path) == decisions(root)
    scores = [{run.name: run.card.scores for run in Workspace(each).history().scored} for each in (root, tmp_path)]
    assert scores[0] == scores[1]


def test_a_finalist_and_the_template_are_confirmed_side_by_side(tmp_path):
    search = search_in(tmp_path, 4)
    search.run()
    confirmed = [stint for stint in read_stints(Workspace(tmp_path)) if stint.work == "confirming"]
    assert [stint.name for stint in confirmed[:2]] == [TEMPLATE, "delta_net_4layer_1"]
    assert len({stint.place for stint in confirmed}) == len(confirmed) >= 2


def test_no_more_proposals_are_under_way_than_there_are_to_be(tmp_path):
    search = search_in(tmp_path, 4, runs=2)
    trained = []

    def choose(under_way):
        trained.append(len(search.ledger.under_way))
        return under_way[-1]

    search.executor.choose = choose
    assert search.run().reason["en"] == "its 2 runs are done"
    assert max(trained) == 2
    assert len(Workspace(tmp_path).history().runs) == 3


def test_ctrl_c_once_begins_nothing_more_and_lets_what_is_under_way_end(tmp_path):
    search = search_in(tmp_path, 3)

    def choose(under_way):
        if len(search.ledger.under_way) == 3:
            search.ledger.interrupted = True
        return under_way[0]

    search.executor.choose = choose
    assert search.run().exit_code == INTERRUPTED
    runs = Workspace(tmp_path).history().runs
    assert [(run.stage, run.scored) for run in runs] == [("analysed", True)] * 4


def test_ctrl_c_twice_gives_back_what_is_under_way_and_speaks_against_nobody(tmp_path):
    search = search_in(tmp_path, 3)

    def choose(under_way):
        if len(search.ledger.under_way) == 3:
            raise KeyboardInterrupt
        return under_way[0]

    search.executor.choose = choose
    with pytest.raises(KeyboardInterrupt):
        search.run()
    template, *mine = Workspace(tmp_path).history().runs
    assert [(run.stage, run.attempts) for run in mine] == [("approved", 0)] * 3
    assert [stint.outcome for stint in read_stints(Workspace(tmp_path))][-3:] == ["interrupted"] * 3
    again = search_in(tmp_path, 2, runs=3)
    assert again.run().reason["en"] == "its 3 runs are done"
    assert [run.name for run in Workspace(tmp_path).history().scored] == [template.name, *(run.name for run in mine)]


def test_ctrl_c_as_a_training_begins_gives_it_back_as_well(tmp_path):
    search = search_in(tmp_path, 2)

    def begun(place, task):
        if task.name != TEMPLATE:
            raise KeyboardInterrupt

    search.journal.places.begun = begun
    with pytest.raises(KeyboardInterrupt):
        search.run()
    run = Workspace(tmp_path).history().runs[-1]
    assert (run.proposal.author, run.stage, run.attempts) == ("catalogue", "approved", 0)


def test_an_error_at_one_place_ends_the_search_and_gives_back_the_others(tmp_path):
    search = search_in(tmp_path, 3)

    def choose(under_way):
        if len(search.ledger.under_way) == 3:
            return under_way[0], RuntimeError("the evaluation broke off")
        return under_way[0]

    search.executor.choose = choose
    with pytest.raises(RuntimeError, match="broke off"):
        search.run()
    stages = [run.stage for run in Workspace(tmp_path).history().runs[1:]]
    assert sorted(stages) == ["approved", "approved", "evaluating"]  # the last is what may be at fault


def test_what_is_lost_twice_fails_and_says_so(tmp_path):
    search = search_in(tmp_path, 2, runs=1)
    lost = []

    def choose(under_way):
        for place in under_way:
            if search.ledger.under_way and search.places.flights[place].step.task.work == "training" and len(lost) < 2:
                lost.append(place)
                return place, PlaceLost("gone")
        return under_way[0]

    search.executor.choose = choose
    search.run()
    run = Workspace(tmp_path).history().runs[-1]
    assert str(run.failure) == "crash: the processes that evaluated it were lost twice (gone)"
    assert len(set(lost)) == 2


def test_a_closed_place_is_told_and_the_others_go_on_and_without_any_the_search_ends(tmp_path):
    search = search_in(tmp_path, 2, runs=2)
    why = say("place.closed", place="cpu:1", count=3, error="gone")
    closed = []

    def choose(under_way):
        if not closed and "cpu:1" in under_way:
            closed.append("cpu:1")
            search.executor.close("cpu:1", why)
            return "cpu:1", PlaceLost("gone")
        return under_way[0]

    search.executor.choose = choose
    search.run()
    assert f"· {why['en']}" in search.told
    (event,) = [event for event in read_events(Workspace(tmp_path)) if event.event == "closed"]
    assert all(event.why[code] == why[code] for code in LANGUAGES)
    assert len(Workspace(tmp_path).history().scored) == 3
    alone = search_in(tmp_path, 1, runs=3)

    def close(under_way):
        alone.executor.close("cpu:0", why)
        return under_way[0], PlaceLost("gone")

    alone.executor.choose = close
    with pytest.raises(Unavailable, match="no place is left to evaluate at; cpu:1 is closed"):
        alone.run()


def test_a_place_that_comes_later_is_given_work(tmp_path):
    search = search_in(tmp_path, 1, runs=3)

    def choose(under_way):
        if search.ledger.finished == 1 and len(search.executor.names) == 1:
            search.executor.open("cpu:9")
        return under_way[-1]

    search.executor.choose = choose
    search.run()
    assert "cpu:9" in {stint.place for stint in read_stints(Workspace(tmp_path))}
    assert search.ledger.places == 2


class SlowModel:
    """Its first proposal is there at once, the others once they `may`."""

    def __init__(self, made):
        self.made, self.may = list(made), threading.Event()

    def propose(self, history, parent, draw, idea=""):
        if len(history.runs) > 1:
            assert self.may.wait(30)
        return self.made.pop(0)

    def probe(self):
        pass

    def close(self):
        self.may.set()


def test_no_model_is_waited_for_while_another_place_works(tmp_path):
    search = search_in(tmp_path, 2, runs=3)
    model = search.drafts.proposer = search.drafts.connection = SlowModel(proposals(3))
    waiting = []

    def choose(under_way):
        if search.ledger.under_way and not model.may.is_set():
            waiting.append(len(under_way))
            model.may.set()
        return under_way[0]

    search.executor.choose = choose
    assert search.run().reason["en"] == "its 3 runs are done"
    assert waiting == [1]
    assert len(Workspace(tmp_path).history().scored) == 4


def test_a_pause_begins_nothing_and_takes_in_what_was_under_way(tmp_path):
    search = search_in(tmp_path, 2, runs=4)
    home, seen = Workspace(tmp_path), []

    def choose(under_way):
        if len(under_way) == 2 and search.ledger.under_way and not seen:
            ask_of_search(home, "pause")
        if wish_of(home) == "pause":
            seen.append(len(under_way))
            if len(under_way) == 1 and seen.count(1) > 1:
                ask_of_search(home, "go on")
            elif len(under_way) == 1:
                return None
        return under_way[0]

    search.executor.choose = choose
    assert search.run().reason["en"] == "its 4 runs are done"
    assert seen == [2, 1, 1]


def test_where_nothing_is_left_to_propose_it_ends_once_all_have_ended(tmp_path):
    search = search_in(tmp_path, 4, count=2, runs=9)
    assert search.run() == NOTHING_LEFT
    assert len(Workspace(tmp_path).history().scored) == 3
    assert to_confirm(Workspace(tmp_path)) == ()
