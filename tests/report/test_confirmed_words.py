"""What the pages claim of a run: a winner by fresh seeds alone, anything else the best of so many."""

import re
from dataclasses import replace

import pytest
from sample_cards import sample_card
from sample_histories import START, write_history, write_run

from agent.core.run import BASELINE, Milestone
from agent.core.score import MAD_TASKS, Confirmation
from agent.core.sentences import signed
from agent.report.site import Site
from agent.science.beliefs import shrunken_margins
from agent.science.confirmation import confirmed
from agent.store.folder import keep_confirmation
from agent.store.workspace import Workspace

TASKS = [task.replace(" ", "_") for task in MAD_TASKS]


@pytest.fixture
def site(tmp_path):
    write_history(tmp_path, 30)
    return Site(Workspace(tmp_path))


def confirm(site, run, average, spread=0.01):
    """As if the run had been trained on fresh seeds."""
    card = sample_card("fresh seeds", spread, **dict.fromkeys(TASKS, average))
    keep_confirmation(site.workspace.folder(run), Confirmation(1, card))


def text_of(site, name):
    """What a page says, in both languages, without its tags."""
    site.build()
    return re.sub(r"<[^>]+>", "", (site.root / name).read_text())


def page_of(run):
    return f"variants/{run.id}.html"


def test_what_no_fresh_seed_confirmed_is_the_best_of_so_many_with_its_shrunken_margin(site):
    history = site.workspace.history()
    ours = [run for run in history.scored if run.proposal.author != BASELINE]
    odds = shrunken_margins(history)[history.best.id]
    average = shrunken_margins(replace(history, objective="average"))[history.best.id]
    margin = f"{signed(odds, 2)} log-odds, {signed(average)} of the average"
    page = text_of(site, "index.html")
    claim = f"best of {len(ours)}, not confirmed on fresh seeds; probably {margin} against the template"
    assert f"The best so far: {claim}." in page
    assert page.count(claim) == 2  # once in the summary, once among what is worth reading
    assert f"{len(ours)} 个中的最佳，尚未在全新种子上证实；与模板之差很可能为 {signed(odds, 2)} 对数几率" in page
    assert "inner" not in page
    assert "胜出" not in page
    page = text_of(site, page_of(history.best))
    assert "not confirmed: no seeds but those that it was chosen by" in page
    assert f"-m agent confirm {history.best.id} --workspace {site.workspace.root}" in page


def test_a_winner_is_what_lies_above_the_template_on_fresh_seeds_whatever_its_average(site):
    history = site.workspace.history()
    won = next(run for run in history.scored if run.proposal.author != BASELINE and run != history.best)
    for run, average in ((history.baseline, 0.5), (won, 0.6), (history.best, 0.4)):
        confirm(site, run, average)
    history = site.workspace.history()
    width = confirmed(history, won).judgement.average.needed
    said = f"+0.100 against the template on fresh seeds (95%: {0.1 - width:+.3f} to {0.1 + width:+.3f})"
    page = text_of(site, "index.html")
    assert page.count("a winner on fresh seeds") == 1
    assert re.search(r"Winner胜出\s*\+0.100", page)
    assert said in page
    assert "The best so far: not confirmed on fresh seeds, worse" in page
    page = text_of(site, page_of(won))
    assert "a winner on fresh seeds" in page
    assert said in page
    assert "agent confirm" not in page
    assert "a winner" not in text_of(site, page_of(history.best))


def test_a_confirmation_makes_the_pages_anew_that_show_it(site):
    history = site.workspace.history()
    won, other = [run for run in history.scored if run.proposal.author != BASELINE][:2]
    site.build()
    assert site.build().made == 0
    before = site.mark()
    for run, average in ((history.baseline, 0.5), (won, 0.6)):
        confirm(site, run, average)
    assert site.mark() != before
    assert "a winner on fresh seeds" in text_of(site, page_of(won))
    confirm(site, other, 0.5)  # one more was tried: the others have as many chances more to be lucky
    confirm(site, won, 0.6, spread=0.2)
    assert "a winner" not in text_of(site, page_of(won))


def test_a_proposal_that_waits_is_led_to_and_its_page_has_what_its_reader_decides_by(site):
    runs = site.workspace.history().runs
    idea = next(run for run in runs if run.scored and run.proposal.parents)
    waiting = replace(
        idea, id="20991125_000000", card=None, stage="proposed", analysis={},
        proposal=replace(idea.proposal, name="delta_net_4layer_waits"),
        milestones=(Milestone("proposed", START + 9.0),),
    )  # fmt: skip
    write_run(site.workspace.root, waiting)
    site.build()
    page = (site.root / "index.html").read_text()
    assert re.search(rf'class="waiting".*href="{page_of(waiting)}"', page, re.DOTALL)
    page = text_of(site, page_of(waiting))
    assert "What is expected of it" in page
    assert f"-m agent review {waiting.id} --workspace {site.workspace.root}" in page
    parent = site.workspace.history().parent(waiting.proposal)
    task, predicted = next(iter(waiting.proposal.predicted.items()))
    level = site.workspace.history().estimates(parent)[task].mean
    assert re.search(rf"{task}\s+[+−][\d.]+\s+{predicted:.3f}\s*{level:.3f}", page)
    assert f"{abs(predicted - level):.3f}" in page
    assert re.search(r"about as long as its parent took:.*1 min 48 s", page)
    assert "about as long" not in text_of(site, page_of(idea))
