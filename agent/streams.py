"""The standard streams and the encoding that this program needs, whatever it was started with."""

import locale
import os
import sys

UTF8 = "PYTHONUTF8"


def settle() -> None:
    """Have all three standard streams, and UTF-8 for them, for files and for what git is told.

    Notes are in two scripts. Where the locale has not the letters, the program begins anew in Python's UTF-8 mode.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by whoever started this
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    foreign = locale.getencoding().lower().replace("-", "") != "utf8" and not sys.flags.utf8_mode
    if foreign and UTF8 not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | {UTF8: "1"})
