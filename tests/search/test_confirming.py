"""The end of a search: finalists are trained on fresh seeds, by the real loop with an evaluator that trains nothing."""

from dataclasses import replace

import made_scores
import pytest
from sample_cards import sample_proposal
from scored_by_source import GOOD, THREE_SEEDS, Evaluator, grids
from small_search import TEMPLATE_SOURCE, Script, small_search

from agent.core.failure import Failure
from agent.core.languages import LANGUAGES
from agent.core.reason import Reason
from agent.core.score import Confirmation
from agent.core.text import ENGLISH
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import FRESH_SEED
from agent.science.confirmation import finalists, standing_of, winner
from agent.search.budget import Budget, Ledger
from agent.search.confirmation import MOST_TIMES, Confirming
from agent.store.folder import NOTE
from agent.store.places import read_stints
from agent.store.requests import AskedAlready, ask_to_confirm, to_confirm
from agent.store.workspace import Workspace


def search_in(root, evaluator, *proposals):
    search = small_search(root, proposer=Script(*proposals), evaluator=evaluator)
    search.protocol = THREE_SEEDS
    search.ledger = Ledger(Budget(hours=1.0, runs=len(proposals)))
    search.journal.ledger = search.ledger
    search.check = lambda history, proposal: ()
    return search


def test_a_search_ends_with_its_finalist_and_the_template_on_fresh_seeds(tmp_path):
    evaluator = Evaluator()
    search_in(tmp_path, evaluator, sample_proposal("delta_net_4layer_good", GOOD)).run()
    history = Workspace(tmp_path).history()
    template, good = history.scored
    assert set(history.confirmations) == {template.id, good.id}
    fresh = [seeds for seeds in evaluator.asked if min(seeds) >= FRESH_SEED]
    assert len(fresh) == 2
    assert winner(history) == good
    said = standing_of(history, good)[ENGLISH]
    assert said.startswith("a winner, learns faster: learnability +2.20 (95%: +2.18 to +2.21) log-odds")
    assert "average +0.400" in said
    assert list(Workspace(tmp_path).rows()) == [template.name, good.name]
    done = [(template, "training"), *[(template, "measuring the noise with")] * 2, (good, "training")]
    done += [(template, "confirming"), (good, "confirming")]
    stints = read_stints(Workspace(tmp_path))
    assert [(each.place, each.run, each.work, each.outcome) for each in stints] == [
        ("cpu", run.id, work, "finished") for run, work in done
    ]  # fmt: skip


def test_what_is_no_better_is_not_trained_again(tmp_path):
    evaluator = Evaluator()
    search_in(tmp_path, evaluator, sample_proposal("delta_net_4layer_same", TEMPLATE_SOURCE + "\n# same\n")).run()
    assert not Workspace(tmp_path).history().confirmations
    assert max(max(seeds) for seeds in evaluator.asked) < FRESH_SEED


def more(count):
    return [sample_proposal(f"delta_net_4layer_{n}", f"{TEMPLATE_SOURCE}\n# {n}\n") for n in range(count)]


def test_without_hours_the_best_of_several_is_trained_on_fresh_seeds_beside_the_template(tmp_path):
    """A fifth of all training is far less than that here, as nothing is trained."""
    evaluator = Evaluator()
    search_without_hours(tmp_path, evaluator, sample_proposal("delta_net_4layer_good", GOOD), *more(2)).run()
    history = Workspace(tmp_path).history()
    template, good, *_ = history.scored
    assert set(history.confirmations) == {template.id, good.id}
    assert winner(history) == good
    note = (Workspace(tmp_path).folder(good) / NOTE).read_text(encoding="utf-8")
    for code in LANGUAGES:
        assert standing_of(history, good)[code] in note


@pytest.mark.parametrize(
    ("rows", "everyone", "times"),
    [
        (0.9, 0, 0),  # not even the template
        (2.0, 2, 1),  # the best one and the template
        (3.9, 3, 1),
        (4.0, 4, 1),
        (8.0, 4, 2),
        (100.0, 4, MOST_TIMES),
    ],
)
def test_as_many_finalists_are_trained_as_there_is_time_for(rows, everyone, times):
    known = made_scores.history("a", "ab", "ac", "b", noise=0.002)
    row = known.baseline.card.seconds
    confirming = Confirming(None, THREE_SEEDS, Ledger(Budget()), None)
    plan = confirming.plan(known, rows * row)
    assert (len(plan.everyone), plan.times) == (everyone, times)
    assert list(plan.everyone[:1]) == [known.baseline][:everyone]
    assert list(plan.everyone[1:]) == finalists(known)[: max(0, everyone - 1)]


def test_smoke_whose_scores_mean_nothing_confirms_on_as_many_seeds_as_it_has():
    known = made_scores.history("a", "ab", "ac", "b", noise=0.002)
    plan = Confirming(None, THREE_SEEDS, Ledger(Budget()), None, most_times=1).plan(
        known, 100.0 * known.baseline.card.seconds
    )
    assert plan.times == 1


def test_without_hours_a_fifth_of_all_training_goes_into_it():
    known = made_scores.history("a", noise=0.002)
    ledger = Ledger(Budget(runs=9))
    ledger.evaluations = [10.0] * 40
    confirming = Confirming(None, THREE_SEEDS, ledger, None)
    assert confirming.seconds_left(known) == pytest.approx(100.0)  # of 500 then
    ledger.evaluations, ledger.tried = [], 3
    assert confirming.seconds_left(known) == 2 * known.baseline.card.seconds
    assert confirming.reserve(known) == 0.0  # the count of runs says when it ends


def test_what_was_confirmed_makes_room_for_the_next_of_the_same_number_of_seeds():
    known = made_scores.history("a", "ab", "ac", "b", noise=0.002)
    first = finalists(known)[0]
    fresh = {run.id: Confirmation(2, run.card) for run in (known.baseline, first)}
    known = replace(known, confirmations=fresh)
    assert first not in finalists(known)
    confirming = Confirming(None, THREE_SEEDS, Ledger(Budget()), None)
    row = known.baseline.card.seconds
    assert confirming.plan(known, 1.9 * row).everyone == ()  # one variant takes two rows by now
    plan = confirming.plan(known, 2.0 * row)
    assert (plan.times, list(plan.everyone)) == (2, finalists(known)[:1])


def asking(root, phase, *runs):
    """A window onto a search: once it is in a phase, somebody asks at another shell for these runs to be confirmed."""
    asked = []

    def show(status):
        home = Workspace(root)
        if status.phase == phase and not asked:
            asked.extend(runs)
            for name in runs:
                ask_to_confirm(home, home.find(name))

    return show


def search_without_hours(root, evaluator, *proposals):
    """One that confirms nothing by itself, unless it tries several proposals."""
    search = search_in(root, evaluator, *proposals)
    search.ledger = search.journal.ledger = search.confirming.ledger = Ledger(Budget(runs=len(proposals)))
    return search


def scored(root, evaluator):
    """A workspace with two scored variants, of which nothing is confirmed."""
    good, same = (
        sample_proposal(f"delta_net_4layer_{name}", source)
        for name, source in (("good", GOOD), ("same", TEMPLATE_SOURCE + "\n# same\n"))
    )
    search_without_hours(root, evaluator, good, same).run()
    assert not Workspace(root).history().confirmations


def test_a_running_search_confirms_what_is_asked_of_it_before_it_proposes_more(tmp_path):
    evaluator = Evaluator()
    scored(tmp_path, evaluator)
    more = sample_proposal("delta_net_4layer_more", TEMPLATE_SOURCE + "\n# more\n")
    search, phases = search_without_hours(tmp_path, evaluator, more), []
    ask = asking(tmp_path, "starting", "delta_net_4layer_same", "delta_net_4layer_good")
    search.journal.show = lambda status: (phases.append(status.phase), ask(status))
    search.run()
    home = Workspace(tmp_path)
    template, good, same, _ = home.history().scored
    assert set(home.history().confirmations) == {template.id, good.id, same.id}
    assert phases.index("confirming") < phases.index("proposing")
    assert winner(home.history()) == good
    assert [(asked.run, asked.done, asked.trouble) for asked in to_confirm(home)] == [
        (good.id, True, None), (same.id, True, None)
    ]  # fmt: skip
    with pytest.raises(AskedAlready, match="is confirmed already"):
        ask_to_confirm(home, good)


def test_why_a_run_could_not_be_confirmed_is_kept_and_it_may_be_asked_for_again(tmp_path):
    evaluator = Evaluator()
    scored(tmp_path, evaluator)

    def failing(assignment, watch):
        if assignment.source == GOOD and min(seed for _, seed in grids(assignment)) >= FRESH_SEED:
            raise EvaluationFailed(Failure("crash", Reason.said("a bad seed")))
        return evaluator(assignment, watch)

    more = sample_proposal("delta_net_4layer_more", TEMPLATE_SOURCE + "\n# more\n")
    search = search_without_hours(tmp_path, failing, more)
    search.journal.show = asking(tmp_path, "starting", "delta_net_4layer_good")
    search.run()
    home = Workspace(tmp_path)
    (asked,) = to_confirm(home)
    assert (asked.done, asked.waits) == (False, False)
    assert all("a bad seed" in asked.trouble[code] for code in LANGUAGES)
    with home.locks.searching():
        ask_to_confirm(home, home.find("delta_net_4layer_good"))
    assert to_confirm(home)[0].waits


def test_what_a_search_did_not_come_to_waits_for_the_next_one(tmp_path):
    evaluator = Evaluator()
    scored(tmp_path, evaluator)
    home = Workspace(tmp_path)
    with home.locks.searching():
        ask_to_confirm(home, home.find("delta_net_4layer_good"))
    more = sample_proposal("delta_net_4layer_more", TEMPLATE_SOURCE + "\n# more\n")
    search_without_hours(tmp_path, evaluator, more).run()
    assert to_confirm(home)[0].done
    assert home.find("delta_net_4layer_good").id in home.history().confirmations
