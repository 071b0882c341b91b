"""How this program is called again: for the messages that say what to do next."""

import shutil
import sys
from pathlib import Path


def command(words: str, module: str = "agent") -> str:
    """The command line that does `words` by this interpreter from the current folder, such as `status`."""
    return f"{_python()} -m {module} {words}"


def _python() -> str:
    """This interpreter as it is shortest to type."""
    here = Path(sys.executable)
    if shutil.which("python") == str(here):  # an environment that is activated
        return "python"
    try:
        return str(here.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(here)
