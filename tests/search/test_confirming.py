"""The end of a search: finalists are trained on fresh seeds, by the real loop with an evaluator that trains nothing."""

import pytest
from sample_cards import sample_proposal
from scored_by_source import GOOD, THREE_SEEDS, Evaluator, grids
from small_search import TEMPLATE_SOURCE, Script, small_search

from agent.core.failure import Failure
from agent.core.languages import LANGUAGES
from agent.core.reason import Reason
from agent.core.text import ENGLISH
from agent.evaluator.failure import EvaluationFailed
from agent.evaluator.protocols import FRESH_SEED
from agent.science.confirmation import standing_of, winner
from agent.search.budget import Budget, Ledger
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
    assert standing_of(history, good)[ENGLISH].startswith("a winner: +0.400")
    assert list(Workspace(tmp_path).rows()) == [template.name, good.name]


def test_what_is_no_better_is_not_trained_again(tmp_path):
    evaluator = Evaluator()
    search_in(tmp_path, evaluator, sample_proposal("delta_net_4layer_same", TEMPLATE_SOURCE + "\n# same\n")).run()
    assert not Workspace(tmp_path).history().confirmations
    assert max(max(seeds) for seeds in evaluator.asked) < FRESH_SEED


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
    """One that confirms nothing by itself."""
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
