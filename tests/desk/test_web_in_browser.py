"""The page that decides in a real browser, on a phone: its buttons, both languages, and a decision too late."""

import os

import pytest
from chromium import chromium, opened
from proposed_runs import DECAY, SWISH, VALUE_SKIP, scored_template, wait_for_review
from served import served

from agent.desk.decisions import approve
from agent.desk.web import Web
from agent.report.site import Site
from agent.store.requests import queued_ideas
from agent.store.workspace import Workspace

pytestmark = pytest.mark.slow

TOKEN = "a-token"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def home(tmp_path):
    workspace = scored_template(tmp_path / "home")
    wait_for_review(workspace, "value_skip", "data_dependent_decay", "swish_output_gate")
    return workspace


@pytest.fixture
def address(home):
    site = Site(Workspace(home.root))
    site.build()
    with served(site, TOKEN, Web(site, lambda run, source: run).routes()) as server:
        yield f"http://{server.host}/decide?token={TOKEN}"


def card(page, home, name):
    return page.locator(f"#run-{home.find(name).id}")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_phone_shows_the_whole_card_and_decides(browser, address, home, language):
    with opened(browser, address, language, viewport=PHONE, has_touch=True) as page:
        page.wait_for_url("**/decide")
        assert TOKEN not in page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        if where := os.environ.get("PICTURES"):
            page.screenshot(path=f"{where}/decide_{language}.png", full_page=True)
        there = card(page, home, VALUE_SKIP)
        there.locator("[name=remark]").fill("好")
        there.locator("[data-decide=approve] button").click()
        page.locator("#told", has_text="Approved" if language == "en" else "已批准").wait_for()
        there.wait_for(state="detached")
        assert (home.find(VALUE_SKIP).stage, home.find(VALUE_SKIP).review.reason) == ("approved", "好")
        there = card(page, home, DECAY)
        there.locator("[name=everywhere]").check()
        there.locator("[name=reason]").fill("it forgets")
        there.locator("[data-decide=reject] button").click()
        there.wait_for(state="detached")
        assert home.find(DECAY).review.everywhere
        page.locator("[name=idea]").fill("value_skip")
        page.locator("[data-post='/queue'] button").click()
        page.locator("li", has_text="value_skip").wait_for()
        assert queued_ideas(home)[0].idea == "value_skip"


def test_a_reader_who_comes_too_late_reads_what_was_decided(browser, address, home):
    with browser.new_context(viewport=PHONE, locale="en-GB") as context:
        page = context.new_page()
        page.goto(address)
        page.wait_for_url("**/decide")
        there = card(page, home, SWISH)
        there.wait_for()
        approve(home, home.find(SWISH), "mine")
        there.locator("[name=reason]").fill("no")
        there.locator("[data-decide=reject] button").click()
        page.locator("#told", has_text="approved by").wait_for()
        assert "mine" in page.locator("#told").inner_text()
        there.wait_for(state="detached")
