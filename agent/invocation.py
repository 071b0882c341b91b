"""How this program is called again: for the messages that say what to do next."""

import shlex
import shutil
import sys
from pathlib import Path

HERE = Path(".")


def command(words: str, workspace: Path = HERE, module: str = "agent") -> str:
    """The command line that does `words`, such as `status`, by this interpreter and from the current folder."""
    where = "" if workspace == HERE else f" --workspace {shlex.quote(str(workspace))}"
    return f"{_python()} -m {module} {words}{where}"


def _python() -> str:
    """This interpreter as it is shortest to type."""
    here = Path(sys.executable)
    if shutil.which("python") == str(here):  # an environment that is activated
        return "python"
    try:
        return str(here.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(here)
