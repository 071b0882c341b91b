"""Draws the pictures in docs/ of the review desk and of the report: `make screenshots`.

The report is of a real search, a minute long, under the protocol smoke, whose scores mean nothing.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from chromium import chromium  # noqa: E402
from desk_pictures import draw_desk  # noqa: E402

from agent.store.workspace import Workspace  # noqa: E402

RUNS = "8"
WIDTH = 1120


def main():
    draw_desk(ROOT / "docs")
    with tempfile.TemporaryDirectory() as folder:
        for verb in (("search", "--protocol", "smoke", "--proposer", "catalogue", "--runs", RUNS), ("report",)):
            subprocess.run([sys.executable, "-m", "agent", *verb, "--workspace", folder], cwd=ROOT, check=True)
        best, site = Workspace(Path(folder)).history().best, Path(folder).resolve() / "runs" / "site"
        with chromium() as browser:
            draw(browser, site / "index.html", "en-GB", "light", 1260, "report-morning.png")
            draw(browser, site / "variants" / f"{best.id}.html", "zh-CN", "dark", 860, "report-variant.png", "#scores")


def draw(browser, page, locale, theme, height, name, start="body"):
    """A window's worth of a page, from an element on."""
    viewport = {"width": WIDTH, "height": height}
    window = browser.new_context(viewport=viewport, locale=locale, color_scheme=theme).new_page()
    window.goto(page.as_uri())
    window.locator(start).evaluate(
        "element => scrollTo({top: element.getBoundingClientRect().top - 32, behavior: 'instant'})"
    )
    window.screenshot(path=ROOT / "docs" / name)


if __name__ == "__main__":
    main()
