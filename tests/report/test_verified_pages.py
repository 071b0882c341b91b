"""What the pages show of a verification: figures, tables and the verdict in words, and no more than was measured."""

import re

import pytest
from axis_cards import AT_LENGTH, TEMPLATE_SCORES, VALUE_SKIP, axis_card, axis_history
from sample_histories import write_history
from verified_cards import NO_MEMORY, NO_PAIRS, TEMPLATE_PAIRS, verified_card, verified_history

from agent.core.languages import LANGUAGES
from agent.core.run import BASELINE
from agent.report.site import Site
from agent.report.verified import shown_by
from agent.science.verification_words import verified
from agent.store.folder import add_verification
from agent.store.workspace import Workspace


@pytest.fixture
def site(tmp_path):
    write_history(tmp_path, 6)
    return Site(Workspace(tmp_path))


def text_of(site, name):
    """What a page says, in both languages, without its tags."""
    site.build()
    return re.sub(r"<[^>]+>", "", (site.root / name).read_text())


def page_of(run):
    return f"variants/{run.id}.html"


def own_runs(site):
    return [run for run in site.workspace.history().scored if run.proposal.author != BASELINE]


def test_a_verified_run_has_its_figures_and_its_verdict_on_both_pages(site):
    history, (good, control, *_) = site.workspace.history(), own_runs(site)
    assert "Beyond its row" not in text_of(site, page_of(good))
    assert "Verified" not in text_of(site, "index.html")
    before = site.mark()
    for run, card in (
        (history.baseline, verified_card(own=0.0)),
        (good, verified_card(pairs={**TEMPLATE_PAIRS, 32: 0.97})),
        (control, verified_card(NO_MEMORY, NO_PAIRS, state=4)),
    ):
        add_verification(site.workspace.folder(run), card)
    assert site.mark() != before
    history = site.workspace.history()
    page, morning = text_of(site, page_of(good)), text_of(site, "index.html").replace("&#39;", "'")
    for code in LANGUAGES:
        assert verified(history, good)[code] in page.replace("&#39;", "'")
        assert verified(history, good)[code] in morning
        assert verified(history, control)[code] in morning
    assert "Beyond its row" in page
    assert "2 / 2" in morning
    assert "0 / 2" in morning
    drawn = (site.root / page_of(good)).read_text()
    assert drawn.count('class="plot small"') >= 5
    assert drawn.count('class="interval"') >= 4 * 4 + 5
    held = re.search(r"pairs held.*", page, re.DOTALL).group()
    assert "36.9" in held
    alone = text_of(site, page_of(history.baseline))
    assert "Beyond its row" in alone
    assert "holds at" not in alone


def test_without_the_template_there_are_accuracies_and_no_verdict(site):
    good = own_runs(site)[0]
    add_verification(site.workspace.folder(good), verified_card())
    page = text_of(site, page_of(good))
    assert "no verdict" in page
    assert "holds at" not in page
    shown = shown_by(site.workspace.history(), good)
    assert all(point.theirs is None and point.bounds is None for panel in shown.lengths for point in panel.points)
    assert shown.capacity is None
    assert shown.held == pytest.approx(24.0, abs=0.5)


def test_a_row_of_quick_has_two_lengths_beside_the_template():
    history = axis_history(good=axis_card(VALUE_SKIP, AT_LENGTH, shift=0.1))
    shown = shown_by(history, history.find("good"))
    assert (shown.numbers, shown.fresh, shown.said, shown.pairs) == ((1, 8), False, None, None)
    assert [panel.name for panel in shown.lengths] == [
        "Context Recall", "Fuzzy Recall", "Noisy Recall", "Selective Copy",
    ]  # fmt: skip
    for panel in shown.lengths:
        for point in panel.points:
            low, high = point.bounds
            assert 0 <= low < point.mine < high <= 1
    template = shown_by(history, history.baseline)
    assert all(point.theirs is None for panel in template.lengths for point in panel.points)
    short = axis_history(good=axis_card(TEMPLATE_SCORES))
    assert shown_by(short, short.find("good")) is None


def test_a_verification_has_more_lengths_than_the_row():
    history = verified_history(good=verified_card())
    shown = shown_by(history, history.find("good"))
    assert (shown.numbers, shown.fresh) == ((1, 2, 4, 8), True)
    assert [point.number for point in shown.pairs.points] == [4, 8, 16, 32, 64]
