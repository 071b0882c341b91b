"""What axe-core finds on a page: the rules for people who see, hear or move otherwise, as a browser can check them.

The script is that of the package axe-playwright-python, which brings it; nothing is downloaded.
"""

from importlib.resources import files

import pytest

SCRIPT = "axe.min.js"


def findings(page):
    """Each rule that a page breaks, and the elements that break it."""
    package = pytest.importorskip("axe_playwright_python", reason="no axe: pip install axe-playwright-python")
    page.evaluate((files(package) / SCRIPT).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    return {rule["id"]: [node["html"][:160] for node in rule["nodes"]] for rule in found["violations"]}
