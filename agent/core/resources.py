"""Where the files lie that come with the code: the template, the moves, the known variants and their scores.

In a checkout they lie in templates/ and baselines/ at its top, where their users find them. An installed package has
the same two folders inside agent/ (setup.py puts them there). Everything else asks this module.
"""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]  # the folder agent/
SOURCE_ROOT = PACKAGE.parent  # what a Python process needs on its path to import agent


def _shipped(name: str) -> Path:
    installed = PACKAGE / name
    return installed if installed.is_dir() else SOURCE_ROOT / name


TEMPLATES = _shipped("templates")
TEMPLATE_FILE = TEMPLATES / "naive.py"
MOVES = TEMPLATES / "moves"
KNOWN_VARIANTS = _shipped("baselines")
MEASURED = KNOWN_VARIANTS / "measured"

# The top of the checkout that this code runs from; None where the package is installed, and not to be written to.
CHECKOUT = SOURCE_ROOT if TEMPLATES.parent == SOURCE_ROOT else None
