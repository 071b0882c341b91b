"""The site as a reader meets it, in a real browser without a screen."""

import gzip
import math
import re
import threading
from dataclasses import replace
from random import Random

import pytest
from chromium import PHONE, chromium, opened
from sample_histories import made_history, write_history, write_run

from agent.core.isolation import Isolation
from agent.core.run import Review
from agent.core.sentences import confident
from agent.core.text import Text
from agent.report import sentences
from agent.report.material import Material
from agent.report.morning import LatestSearch
from agent.report.render import Pages
from agent.report.serve import open_server
from agent.report.site import ASSETS, Site, asset
from agent.report.talks import Talks
from agent.science.history import History
from agent.science.setting_noise import Noise
from agent.store.workspace import Workspace

PAGES = ("index.html", "lineage.html", "compare.html", "ideas.html")
MANY = 2000


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("workspace")
    write_history(root, 40)
    site = Site(Workspace(root))
    site.build()
    return site


@pytest.fixture
def at(runs):
    """The address of a page on the disk."""
    return lambda name: f"{runs.root.as_uri()}/{name}"


def pages_of(site):
    history = site.workspace.history()
    failed = next(run for run in history.runs if run.failure)
    return (*PAGES, f"variants/{history.best.id}.html", f"variants/{failed.id}.html")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_no_page_complains_or_asks_elsewhere_or_scrolls_sideways(browser, runs, at, language):
    for name in pages_of(runs):
        with opened(browser, at(name), language, viewport=PHONE, color_scheme="dark") as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
            hidden = "en" if language == "zh-Hans" else "zh"
            assert page.locator(f".{hidden}:visible").count() == 0
            assert page.title().endswith(" · deltasearch")


def test_the_language_is_switched_and_remembered(browser, at):
    with opened(browser, at("index.html")) as page:
        assert page.get_by_role("heading", level=1).inner_text() == "Good morning"
        page.get_by_role("button", name="中文").click()
        assert page.get_by_role("heading", level=1).inner_text() == "早上好"
        assert page.title() == "早上好 · deltasearch"
        page.get_by_role("link", name="谱系", exact=True).click()
        page.locator("html[lang=zh-Hans]").wait_for(state="attached")  # on a busy machine a moment after the title
        assert page.get_by_role("heading", level=1).inner_text() == "谱系"


def test_a_chinese_browser_is_met_in_chinese(browser, at):
    with opened(browser, at("index.html"), "zh-Hans") as page:
        assert page.get_by_role("heading", level=1).inner_text() == "早上好"


def test_light_and_dark_follow_the_system_until_they_are_chosen(browser, at):
    def brightness(page):
        return page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]")

    with opened(browser, at("index.html"), color_scheme="dark") as page:
        assert brightness(page) < 60
        page.get_by_role("button", name="Light or dark").click()
        assert brightness(page) > 200
        page.reload()
        assert brightness(page) > 200


def test_the_table_sorts_by_each_column_and_back(browser, at):
    with opened(browser, at("index.html")) as page:
        scores = """[...document.querySelectorAll('#board tbody tr')].map(
            row => row.cells.length > 5 ? parseFloat(row.cells[5].textContent) : null)"""
        heading = page.get_by_role("columnheader", name="Fuzzy Recall")
        heading.get_by_role("button").click()
        falling = [score for score in page.evaluate(scores) if score is not None]
        assert falling == sorted(falling, reverse=True)
        assert heading.get_attribute("aria-sort") == "descending"
        assert page.evaluate(scores)[-1] is None  # what failed stays below
        heading.get_by_role("button").press("Enter")
        rising = [score for score in page.evaluate(scores) if score is not None]
        assert rising == sorted(falling)
        assert page.locator("[aria-sort]").count() == 1


def test_a_variant_is_found(browser, at):
    with opened(browser, at("index.html")) as page:
        page.get_by_label("Find a variant").fill("gated_delta")
        assert page.locator("#board tbody tr:visible").count() == 1


def test_failures_are_in_the_table_with_their_reasons(browser, at):
    with opened(browser, at("index.html"), "zh-Hans") as page:
        row = page.locator("#board tr.failed", has=page.locator(".reason .zh")).first
        assert row.locator(".reason .zh").text_content().strip()
        assert "✗" in row.text_content()


def test_progress_is_shown_by_evaluations_or_hours(browser, at):
    with opened(browser, at("index.html")) as page:
        figure = page.locator("figure.progress")
        assert figure.get_by_role("group", name="The average of the best so far").count() == 1
        assert "hours of training" not in figure.locator("svg:visible").text_content()
        page.get_by_label("by hours of training").check(force=True)
        assert "hours of training" in figure.locator("svg:visible").text_content()
        assert figure.locator("svg:visible .label").count() > 0


def test_the_tree_is_walked_by_keys(browser, at):
    with opened(browser, at("lineage.html")) as page:
        items = page.get_by_role("treeitem")
        seen = items.count()
        items.first.focus()
        page.keyboard.press("ArrowDown")
        assert items.nth(1).evaluate("item => item === document.activeElement")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowLeft")
        assert items.first.get_attribute("aria-expanded") == "false"
        assert page.locator("[role=treeitem]:visible").count() < seen
        page.keyboard.press("ArrowRight")
        assert page.locator("[role=treeitem]:visible").count() == seen
        name = items.nth(1).locator(".name").first.inner_text()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.wait_for_url("**/variants/*.html")
        assert name in page.locator(".fullname").inner_text()


def test_any_two_variants_are_compared_as_python_compares_them(browser, runs, at):
    history, chance = runs.workspace.history(), Random(0)
    for _ in range(4):
        one, other = chance.sample(history.scored, 2)
        with opened(browser, at(f"compare.html#{one.id}&{other.id}")) as page:
            page.wait_for_selector("#differences tbody tr")
            rows = page.locator("#differences tbody tr").all_inner_texts()
            for row, (task, found) in zip(rows, history.compare(other, one).items(), strict=True):
                name, difference, verdict, *_ = re.split(r"[\n\t]+", row)
                assert name == task
                assert difference == sentences.difference(found)
                assert verdict == f"{found.verdict} {confident(found.confidence)}"
            page.get_by_role("button", name="Compare with this").click()
            page.wait_for_function(f"location.hash === '#{other.id}&{one.id}'")


def test_noise_that_two_cards_share_counts_once_in_the_browser_as_well(browser, runs, at):
    history = runs.workspace.history()
    settings = {setting for run in history.scored for task in run.card.tasks.values() for setting in task.by_setting}
    noisy = History(history.runs, {setting: Noise(0.02, 5) for setting in settings})
    one, other = history.scored[3:5]
    from agent.report.compare import data_of

    with opened(browser, at("compare.html")) as page:
        for run in (one, other):
            page.evaluate(data_of(noisy, run))
        asked = f"[runs.get('{one.id}'), runs.get('{other.id}')]"
        found = page.evaluate(f"Object.keys({asked}[0].scores).map((task) => difference(task, ...{asked}))")
        back = page.evaluate(f"Object.keys({asked}[0].scores).map((task) => difference(task, ...{asked}.reverse()))")
    for shown, reverse, expected in zip(found, back, noisy.compare(other, one).values(), strict=True):
        assert shown["confidence"] == reverse["confidence"] == math.floor(1000 * expected.confidence)
        assert shown["verdict"] == expected.verdict
        assert shown["difference"] == -reverse["difference"] == pytest.approx(expected.difference)
        assert shown["reach"] == pytest.approx(expected.needed, abs=1e-5)


def test_a_run_is_not_told_apart_from_itself(browser, runs, at):
    one = runs.workspace.history().scored[3]
    with opened(browser, at(f"compare.html#{one.id}&{one.id}")) as page:
        page.wait_for_selector("#differences tbody tr")
        for row in page.locator("#differences tbody tr").all_inner_texts():
            assert "indistinguishable 0.0%" in row


def test_what_differs_in_the_code_is_shown(browser, runs, at):
    history = runs.workspace.history()
    child = next(run for run in history.scored if run.proposal.parents)
    parent = history.find(child.proposal.parents[0])
    with opened(browser, at(f"compare.html#{parent.id}&{child.id}")) as page:
        page.wait_for_selector("#changes tr")
        new = page.locator("#changes tr.new").all_inner_texts()
        assert len(new) == 1
        assert "# attempt" in new[0]


def test_it_prints_in_light_without_what_is_for_a_screen(browser, runs, at):
    with opened(browser, at("index.html"), color_scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="light")
        assert not page.locator("nav").is_visible()
        assert not page.locator(".plot.narrow").first.is_visible()
        assert page.locator(".plot.wide").first.is_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert len(page.pdf()) > 10_000


def test_without_javascript_everything_can_be_read(browser, at):
    with opened(browser, at("index.html"), java_script_enabled=False) as page:
        assert page.locator("#board tbody tr:visible").count() == 40
        assert page.locator("noscript").inner_text()
        assert page.locator(".zh:visible").count() == 0


HOSTILE = (
    "<script>window.owned = 1</script><img src=x onerror='window.owned=1'>\n"
    "• ![a](http://outside.example/a.png) [b](http://outside.example/) [c](javascript:window.owned=1)\n"
    "• <svg onload='window.owned=1'> </code></pre><script>window.owned=1</script> \u202e {{ 7 * 7 }}"
)  # fmt: skip


@pytest.mark.slow
def test_a_hostile_note_is_text(browser, tmp_path):
    runs = write_history(tmp_path, 6)
    bad, proposal = runs[3], runs[3].proposal
    said = Text(HOSTILE, HOSTILE)
    write_run(
        tmp_path,
        replace(
            bad,
            proposal=replace(
                proposal, title=said, author=HOSTILE, argument=dict.fromkeys(proposal.argument, said),
                source=f"{proposal.source}\nx = '''{HOSTILE}'''\n", moves=(HOSTILE,),
            ),
            review=Review("approved", HOSTILE, HOSTILE),
            analysis=dict.fromkeys(bad.analysis, said),
            isolation=Isolation(said=HOSTILE),
            failure=None if bad.card else replace(bad.failure, reason=HOSTILE, log_tail=HOSTILE),
        ),
    )  # fmt: skip
    site = Site(Workspace(tmp_path))
    site.build()
    for name in (*PAGES, f"variants/{bad.id}.html", f"compare.html#{runs[0].id}&{bad.id}"):
        with opened(browser, f"{site.root.as_uri()}/{name}") as page:
            page.wait_for_timeout(100)
            assert page.evaluate("window.owned") is None
            assert page.locator("main script, main img, main a[href^=http], main a[href^=javascript]").count() == 0
    with opened(browser, (site.root / f"variants/{bad.id}.html").as_uri()) as page:
        assert "<script>window.owned = 1</script>" in page.locator("h1").inner_text()
        assert "{{ 7 * 7 }}" in page.locator(".note").inner_text()


SWITCH = """async place => {
  document.querySelectorAll('[data-language]')[place].click();
  await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}"""


def seconds_of_a_switch(page, slower):
    """What a switch of the language takes of a processor, until it is drawn; the least of four, so that what else the
    machine does has no part in it. With `slower`, on a processor that is so many times slower."""
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})

    def used():
        return {metric["name"]: metric["value"] for metric in tools.send("Performance.getMetrics")["metrics"]}

    taken = []
    for place in (1, 0, 1, 0):
        before = used()
        page.evaluate(SWITCH, place)
        taken.append(used()["TaskDuration"] - before["TaskDuration"])
    tools.detach()
    return min(taken)


@pytest.mark.slow
def test_two_thousand_runs_stay_light(browser, tmp_path):
    """The pages that show every run; the others do not grow with the number of runs."""
    history = History(made_history(MANY), {})
    material = Material(
        Workspace(tmp_path), history, LatestSearch(None, None, Text("x", "停")), {}, (), Talks(Workspace(tmp_path))
    )
    pages = Pages()
    (tmp_path / "assets").mkdir()
    for name in ASSETS:
        (tmp_path / "assets" / name).write_text(asset(name))
    for name, render in (("index", pages.morning), ("lineage", pages.lineage), ("compare", pages.compare)):
        (tmp_path / f"{name}.html").write_text(render(material))
        assert len(gzip.compress((tmp_path / f"{name}.html").read_bytes())) < 300_000
    with opened(browser, (tmp_path / "index.html").as_uri()) as page:
        assert page.locator("#board tbody tr:visible").count() == 100
        assert page.locator("figure.progress svg:visible a").count() < 400  # older points are one path
        page.get_by_role("columnheader", name="Memorize").get_by_role("button").click()
        assert page.locator("#board tbody tr:visible").count() == 100
        page.get_by_label("Find a variant").fill("_1777")
        assert page.locator("#board tbody tr:visible").count() == 1
        page.get_by_label("Find a variant").fill("")
        page.get_by_role("button", name="Show all").click()
        assert page.locator("#board tbody tr:visible").count() == MANY
        assert seconds_of_a_switch(page, slower=1) < 0.3
        assert seconds_of_a_switch(page, slower=4) < 1.0
    with opened(browser, (tmp_path / "lineage.html").as_uri()) as page:
        assert page.get_by_role("treeitem").count() == MANY


def test_a_served_page_follows_the_search(browser, tmp_path):
    runs = write_history(tmp_path, 4)
    site = Site(Workspace(tmp_path))
    site.build()
    with open_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with (
            opened(browser, f"http://127.0.0.1:{server.server_address[1]}/index.html") as page,
            Workspace(tmp_path).locks.searching(),
        ):
            page.wait_for_selector("#live .doing:has-text('analysing')", timeout=30_000)
            assert "analysing" in page.locator("#live").inner_text()
            page.get_by_label("Find a variant").fill("delta")
            proposal = replace(runs[-1].proposal, name="delta_net_4layer_newest")
            write_run(tmp_path, replace(runs[-1], id="20990101_000000", proposal=proposal))
            site.build()
            page.wait_for_selector("a[href='variants/20990101_000000.html']", state="attached", timeout=30_000)
            assert page.get_by_label("Find a variant").input_value() == "delta"
        server.shutdown()
