"""A real browser for tests: Debian's Chromium without a screen, and what a page of it may not do."""

import shutil
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE = {"width": 375, "height": 720}


@contextmanager
def chromium():
    """The browser, or a skip that says how to get it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium fonts-noto-cjk")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(browser, address, language="en", **options):
    """A page in a fresh context. What it logs and what it asks of others fails the test that opened it."""
    context = browser.new_context(locale="zh-CN" if language.startswith("zh") else "en-GB", **options)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.extend(_outside(request.url, address)))
    page.goto(address)
    yield page
    context.close()
    assert not complaints, complaints


def _outside(url, address):
    """The request, unless it is for a file of the same site."""
    root = address.partition("/variants/")[0] if "/variants/" in address else address.rpartition("/")[0]
    own = url.startswith((f"{root}/", "blob:"))  # a blob is what the page itself made
    return [] if own else [f"asked for {url}"]
