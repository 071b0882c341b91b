"""How this program is called again: for the messages that say what to do next."""

import codecs
import io
import locale
import os
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


UTF8 = "PYTHONUTF8"
NEAREST = "deltasearch.nearest"  # the name of an error handler of codecs
SIGNS = {
    "▲": "^", "▼": "v", "·": "-", "•": "-", "●": "*", "○": "o", "✓": "+", "✗": "x", "→": "->", "…": "...",
    "±": "+-", "×": "x", "—": "-", "–": "-", "─": "-", "│": "|", "“": '"', "”": '"', "’": "'",
}  # fmt: skip


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """What is printed in place of signs that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(SIGNS.get(sign, "?") for sign in signs), error.end


codecs.register_error(NEAREST, _nearest)


def settle() -> None:
    """Have all three standard streams, and UTF-8 for them, for files and for what git is told.

    Notes are in two scripts. Where the locale has not the letters, the program begins anew in Python's UTF-8 mode.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the process that started this
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=NEAREST)  # a sign that a terminal has not is no reason to stop
    foreign = locale.getencoding().lower().replace("-", "") != "utf8" and not sys.flags.utf8_mode
    if foreign and UTF8 not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | {UTF8: "1"})
