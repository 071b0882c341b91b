"""What a variant is compared with beside the template: its parent, and the best known mixer of those measured."""

from dataclasses import replace
from pathlib import Path

from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.analyst.note import analyse
from agent.cli.search import summarise
from agent.core.baselines import TEMPLATE
from agent.core.run import BASELINE, Run
from agent.core.text import say
from agent.science.estimate import AVERAGE
from agent.science.field import best_known, rivals
from agent.science.history import History
from agent.search.budget import Stop


def run(number, name, score, author=BASELINE, *parents):
    proposal = sample_proposal(name, author=author, parents=parents)
    card = sample_card(spread=0.001, Memorize=score)
    return Run(f"20250101_0000{number:02}", "analysed", proposal, "smoke", FINGERPRINT, card=card)


TEMPLATE_RUN, KDA, CYFA = run(0, TEMPLATE, 0.99), run(1, "kda", 0.5), run(2, "cyfa", 0.8)
CHILD = run(3, "kda_x", 0.7, "catalogue", "kda")
HISTORY = History((TEMPLATE_RUN, KDA, CYFA, CHILD), {})


def test_the_best_known_is_the_highest_but_the_template():
    assert best_known(HISTORY) == CYFA
    assert best_known(History((TEMPLATE_RUN, CHILD), {})) is None


def test_a_variant_is_compared_with_its_parent_and_with_the_best_known():
    parent, best = rivals(HISTORY, CHILD)
    assert (parent.run, parent.known, best.run, best.known) == (KDA, False, CYFA, True)
    assert parent.average.difference > 0 > best.average.difference
    assert parent.found.keys() == best.found.keys()
    assert AVERAGE in parent.found


def test_one_that_is_both_is_named_once_and_known_mixers_have_no_rivals():
    of_the_best = replace(CHILD, proposal=replace(CHILD.proposal, parents=("cyfa",)))
    (only,) = rivals(History((TEMPLATE_RUN, KDA, CYFA, of_the_best), {}), of_the_best)
    assert (only.run, only.known) == (CYFA, True)
    assert rivals(HISTORY, CYFA) == ()


def test_the_template_is_no_rival_as_it_is_compared_with_anyway():
    child = replace(CHILD, proposal=replace(CHILD.proposal, parents=(TEMPLATE,)))
    assert rivals(History((TEMPLATE_RUN, child), {}), child) == ()


def test_the_note_and_the_last_lines_say_so():
    outcome = analyse(HISTORY, CHILD)["outcome"]
    against_kda, against_cyfa = (line for line in outcome["en"].splitlines() if "Against kda" in line or "cyfa" in line)
    assert "Against kda: learns faster, memory kept" in against_kda
    assert "+0.033 ± " in against_kda
    assert (
        "The best of the known mixers measured here is cyfa. Against cyfa: learns slower, memory kept" in against_cyfa
    )
    assert "-0.017 ± " in against_cyfa
    best = replace(CHILD, card=sample_card(spread=0.001, Memorize=1.0))
    last = summarise(History((TEMPLATE_RUN, KDA, CYFA, best), {}), Stop(say("stop.none")), Path())
    assert "+0.0833" in last
    assert "against its parent, kda: " in last
    assert "against the best known mixer measured here, cyfa: " in last
    assert "beats all known" not in last
