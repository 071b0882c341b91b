"""The pages for people: on a phone, with a screen reader, on paper, and while the search goes on."""

import re
import threading
from dataclasses import replace

import pytest
from accessibility import findings
from chromium import chromium, opened
from sample_cards import sample_card
from sample_histories import write_history, write_run

from agent.core.baselines import TEMPLATE
from agent.core.score import MAD_TASKS, Confirmation
from agent.report.serve import open_server
from agent.report.site import Site
from agent.science.objective_words import outcome
from agent.store.workspace import Workspace

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("workspace")
    runs = write_history(root, 40)
    write_run(root, waiting_like(next(run for run in runs if run.scored and run.proposal.parents)))
    site = Site(Workspace(root))
    history = site.workspace.history()
    for run, average in ((history.baseline, 0.5), (history.best, 0.6)):
        card = sample_card("fresh seeds", **{task.replace(" ", "_"): average for task in MAD_TASKS})
        site.workspace.keep_confirmation(run, Confirmation(1, card))
    site.build()
    return site


def waiting_like(run):
    """A proposal like that of a run, which nobody has decided about."""
    proposal = replace(run.proposal, name=f"{TEMPLATE}_waits")
    return replace(run, id="20991125_000000", stage="proposed", card=None, analysis={}, proposal=proposal)


@pytest.fixture(scope="module")
def history(site):
    return site.workspace.history()


def pages(site):
    """One of each kind; of variants a winner, one that failed and one that waits."""
    history = site.workspace.history()
    failed = next(run for run in history.runs if run.failure)
    waits = next(run for run in history.runs if run.stage == "proposed")
    variants = (f"variants/{run.id}.html" for run in (history.best, failed, waits))
    return "index.html", "lineage.html", "compare.html", "ideas.html", *variants


def address(site, name):
    return f"{site.root.as_uri()}/{name}"


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_axe_finds_nothing(browser, site, language, theme):
    for name in pages(site):
        with opened(browser, address(site, name), language, viewport=DESK, color_scheme=theme) as page:
            if name.startswith("compare"):
                page.wait_for_selector("#differences tbody tr")
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            # Rows that were not laid out yet have a height that is guessed: axe would see them lie upon each other.
            page.evaluate(
                "document.querySelectorAll('tr').forEach(row => { row.style.contentVisibility = 'visible'; })"
            )
            page.wait_for_timeout(50)
            assert (name, findings(page)) == (name, {})
    page_with_a_fault = "<html lang=en><title>x</title><main><h1>x</h1><img></main>"
    with opened(browser, "about:blank") as page:
        page.set_content(page_with_a_fault)
        assert "image-alt" in findings(page)


# On a phone: what must be seen without scrolling sideways, by page.
SEEN_ON_A_PHONE = {
    "index": (
        "#board tbody tr:first-child .title", "#board tbody tr:first-child td:nth-child(2)",
        "#board tbody tr:first-child .difference .state", "#board tbody tr:first-child td:nth-child(4)",
        "#board tbody tr:first-child td:nth-child(9)", "#board thead th:nth-child(9)",
        ".night .winner b", "ul.waiting a",
        ".path .did .number", ".path .by-task li:last-child", ".lanes td:last-child",
    ),
    "compare": ("#differences tbody .answer .number", "#differences tbody .answer .state",
                "#differences tbody td:last-child"),
    "ideas": (".ideas tbody th .title", ".ideas tbody .effect", ".ideas tbody .drawn .strip", ".ideas tbody .left a"),
    "waits": tuple(f".expected tbody tr:first-child > :nth-child({place})" for place in range(1, 6)),
    "variant": tuple(f".predicted tbody tr:first-child > :nth-child({place})" for place in range(1, 8)),
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("name", SEEN_ON_A_PHONE)
def test_a_phone_shows_the_answer_without_scrolling_sideways(browser, site, history, name, language):
    run = max(history.scored, key=lambda run: len(run.proposal.parents) * len(run.proposal.predicted))
    waits = next(run for run in history.runs if run.stage == "proposed")
    files = {"variant": f"variants/{run.id}.html", "waits": f"variants/{waits.id}.html"}
    file = files.get(name, f"{name}.html")
    with opened(browser, address(site, file), language, viewport=PHONE) as page:
        if name == "compare":
            page.wait_for_selector("#differences tbody tr")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for selector in SEEN_ON_A_PHONE[name]:
            element = page.locator(selector).first
            element.scroll_into_view_if_needed()
            box = element.bounding_box()
            assert box, selector
            assert box["width"] > 0, selector
            assert box["x"] >= 0, selector
            assert box["x"] + box["width"] <= PHONE["width"], selector


# Finding


def rows(page):
    return page.locator("#board tbody tr:not([hidden])")


def test_words_of_titles_moves_verdicts_and_failures_are_found(browser, site, history):
    run = next(run for run in history.scored if run.proposal.parents)
    failed = [run for run in history.failed if run.failure.kind == "timeout"]
    with opened(browser, address(site, "index.html"), viewport=DESK) as page:
        find = page.get_by_label("Find a variant")
        for words in (run.name, run.proposal.title["en"], run.proposal.title["zh"], run.proposal.moves[-1]):
            find.fill(words)
            found = page.locator(f"#board tr:not([hidden]) a[href='variants/{run.id}.html']")
            assert found.count() == 1, words
        find.fill("timeout")
        assert rows(page).count() == len(failed) > 0
        find.fill("rejected")
        assert rows(page).count() == len(history.rejected) > 0
        find.fill("nothing has this")
        assert rows(page).count() == 0


def test_find_sort_basis_and_axis_stand_in_the_address(browser, site):
    with opened(browser, address(site, "index.html"), viewport=DESK) as page:
        page.get_by_label("Find a variant").fill("timeout")
        page.get_by_role("columnheader", name="Memorize").get_by_role("button").click()
        page.get_by_label("its parent").check(force=True)
        page.get_by_label("by hours of training").check(force=True)
        link = page.url
    assert all(part in link for part in ("find=timeout", "sort=Memorize", "basis=parent", "axis=hours"))
    with opened(browser, link, viewport=DESK) as page:
        assert page.get_by_label("Find a variant").input_value() == "timeout"
        assert page.get_by_role("columnheader", name="Memorize").get_attribute("aria-sort") == "descending"
        assert page.locator("#board thead [data-basis=parent]").is_visible()
        assert page.locator(".progress .hours").is_visible()
        assert 0 < rows(page).count() < 10


def test_colours_and_differences_are_against_the_template_the_parent_or_the_best(browser, site, history):
    run = next(run for run in history.scored if run.proposal.parents and run.proposal.parents[0] != TEMPLATE)
    bases = {"its parent": history.parent(run.proposal), "the best": history.best, "the template": history.baseline}
    with opened(browser, address(site, "index.html"), viewport=DESK) as page:
        row = page.locator("#board tr", has=page.locator(f"a[href='variants/{run.id}.html']"))
        for label, other in bases.items():
            page.get_by_role("radio", name=label).check(force=True)
            found = history.compare(run, other)["average"]
            told = row.locator(".difference").text_content()
            assert told.startswith(f"{found.difference:+.3f}".replace("-", "−")), label
            judged = history.judge(run, other)
            # The table is written against the template; of the other two it has the verdict alone.
            assert (outcome(judged)["en"] if label == "the template" else judged.verdict) in told, label
            coloured = row.locator("td").first.get_attribute("class") or ""
            assert bool(re.match("[pn][1-5]", coloured)) == found.told_apart, label


def test_column_heads_stay_in_sight(browser, site):
    for window in (DESK, PHONE):
        with opened(browser, address(site, "index.html"), viewport=window) as page:
            page.locator("#board tbody tr").nth(20).evaluate("row => row.scrollIntoView({block: 'center'})")
            page.wait_for_timeout(700)
            head = page.locator("#board thead").bounding_box()
            assert -1 <= head["y"] < 5


# Copying and saving


def test_a_name_is_copied_as_it_is(browser, site, history):
    run = next(run for run in history.scored if run.proposal.parents and run != history.best)  # nobody confirmed it
    allowed = ["clipboard-read", "clipboard-write"]
    with opened(browser, address(site, f"variants/{run.id}.html"), permissions=allowed) as page:
        page.get_by_role("button", name="Copy the name").click()
        page.get_by_text("Copied").first.wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == run.name
        assert site.workspace.find(run.name.removeprefix(f"{TEMPLATE}_")).id == run.id
        page.locator("summary", has_text="The whole file").click()
        page.get_by_role("button", name="Copy the file").click()
        page.get_by_text("Copied").first.wait_for()
        assert page.evaluate("navigator.clipboard.readText()").rstrip("\n") == run.proposal.source.rstrip("\n")
        assert "\u200b" not in page.content()
        page.get_by_role("button", name="Copy the command").click()
        page.get_by_text("Copied").first.wait_for()
        command = page.evaluate("navigator.clipboard.readText()")
        assert command.endswith(f" -m agent confirm {run.id} --workspace {site.workspace.root}")


@pytest.mark.parametrize(
    ("name", "figures"), [("index.html", 2), ("lineage.html", 1), ("ideas.html", 1), ("compare.html", 1)]
)
def test_each_figure_is_saved_as_svg_and_png(browser, site, name, figures):
    with opened(browser, address(site, name), viewport=DESK) as page:
        if name == "compare.html":
            page.wait_for_selector("#curves svg")
        assert page.locator("figure .save").count() == figures
        for place in range(figures):
            for kind, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
                with page.expect_download() as saved:
                    page.locator("figure").nth(place).get_by_role("button", name=kind).click()
                assert saved.value.suggested_filename.endswith(f".{kind.lower()}")
                with open(saved.value.path(), "rb") as file:
                    content = file.read()
                assert content.startswith(begins)
                assert len(content) > 2000
        if kind == "SVG":
            assert b"class=" not in content


# On paper


@pytest.mark.parametrize(
    ("name", "above", "below"), [("index.html", ".when", ".night"), ("lineage.html", "h1", "figure")]
)
def test_nothing_is_printed_over_the_heading(browser, site, name, above, below):
    with opened(browser, address(site, name), viewport=DESK) as page:
        page.emulate_media(media="print")
        upper, lower = (page.locator(selector).first.bounding_box() for selector in (above, below))
        assert upper["y"] + upper["height"] <= lower["y"]


# While the search goes on


def test_a_newer_page_keeps_the_focus_and_every_choice(browser, tmp_path):
    runs = write_history(tmp_path, 120)
    site = Site(Workspace(tmp_path))
    site.build()
    with open_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with opened(browser, f"http://127.0.0.1:{server.server_address[1]}/index.html", viewport=DESK) as page:
            page.get_by_label("by hours of training").check(force=True)
            page.get_by_role("button", name="Show all").click()
            page.get_by_role("columnheader", name="Memorize").get_by_role("button").click()
            page.get_by_role("columnheader", name="Memorize").get_by_role("button").focus()
            page.locator(".path summary").last.evaluate("summary => { summary.parentNode.open = true; }")
            page.wait_for_timeout(3000)  # one look at the server, by which the page knows which it is
            proposal = replace(runs[-1].proposal, name=f"{TEMPLATE}_newest")
            write_run(tmp_path, replace(runs[-1], id="20990101_000000", proposal=proposal))
            site.build()
            page.wait_for_selector("a[href='variants/20990101_000000.html']", state="attached", timeout=30_000)
            assert page.get_by_label("by hours of training").is_checked()
            assert page.locator("#board tbody tr:visible").count() == len([run for run in runs if run.finished]) + 1
            assert page.evaluate("document.activeElement.dataset.key") == "Memorize"
            assert page.get_by_role("columnheader", name="Memorize").get_attribute("aria-sort") == "descending"
            assert page.locator(".path details[open]").count() == 1
        server.shutdown()


def test_what_a_search_does_is_announced_once(browser, site):
    with open_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with (
            site.workspace.locks.searching(),
            opened(browser, f"http://127.0.0.1:{server.server_address[1]}/index.html") as page,
        ):
            page.wait_for_selector("#live .doing:has-text('analysing')", timeout=30_000)
            page.evaluate(
                "told = 0; new MutationObserver(() => { told += 1; })"
                ".observe(document.querySelector('#live [role=status]'), {childList: true, subtree: true})"
            )
            page.wait_for_timeout(6000)  # two looks
            assert page.evaluate("told") == 0
        server.shutdown()
