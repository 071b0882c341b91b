"""A terminal that is read key by key and drawn as a whole."""

import codecs
import os
import re
import select
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.segment import Segment, Segments

from agent.core.errors import UsageError

ALONE = 0.05  # seconds after which an escape byte is the escape key and not the beginning of another
PASTE_ON, PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
PASTED = re.compile(r"\x1b\[200~(?P<text>.*?)\x1b\[201~", re.DOTALL)
SEQUENCE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|O[@-~])")
NAMES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "OA": "up", "OB": "down", "OC": "right", "OD": "left",
    "[5~": "page up", "[6~": "page down", "[H": "home", "[F": "end", "OH": "home", "OF": "end",
    "[1~": "home", "[4~": "end", "[7~": "home", "[8~": "end", "[3~": "delete",
    "\r": "enter", "\n": "enter", "\x7f": "backspace", "\x08": "backspace", "\t": "tab",
}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """A key that was pressed: its name, which for a character is that character, or "paste" with what was pasted."""

    name: str
    text: str = ""


def is_terminal() -> bool:
    """Whether somebody can be asked here: both ends are a terminal, and one that can be drawn on."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not Console().is_dumb_terminal


def require_terminal(remedy: str) -> None:
    """UsageError with the remedy where nobody can be asked."""
    if not is_terminal():
        raise UsageError(f"there is no terminal here to ask at: {remedy}")


class Terminal:
    """Standard input and output, while open: keys come one by one, the screen is a second one, Ctrl-C is a signal."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, _environ=dict(os.environ))
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._read = ""
        self._before: list[Any] | None = None
        self._drawn: object = None
        self._lock = threading.Lock()

    def open(self) -> None:
        with self._lock:
            if self._before is not None:
                return
            self._before = termios.tcgetattr(0)
            mode = termios.tcgetattr(0)
            mode[0] &= ~termios.IXON  # Ctrl-S stops nothing
            mode[3] &= ~(termios.ICANON | termios.ECHO)
            mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
            mode[6][termios.VSUSP] = b"\x00"  # a program of two threads is not put to sleep in mid-screen
            termios.tcsetattr(0, termios.TCSADRAIN, mode)
            self.console.set_alt_screen(True)
            self.console.show_cursor(False)
            self._write(PASTE_ON)
            self._drawn = None

    def close(self) -> None:
        """Give the terminal back as it was. May be called by any thread, and again."""
        with self._lock:
            if self._before is None:
                return
            self._write(PASTE_OFF)
            self.console.show_cursor(True)
            self.console.set_alt_screen(False)
            termios.tcsetattr(0, termios.TCSADRAIN, self._before)
            self._before = None

    @contextmanager
    def lent(self) -> Iterator[None]:
        """To another program, such as an editor."""
        self.close()
        try:
            yield
        finally:
            self.open()
            self.forget()

    def forget(self) -> None:
        """What was typed before now was not meant for what is shown now."""
        termios.tcflush(0, termios.TCIFLUSH)
        self._read = ""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        width, height = self.console.size
        return width, height

    def draw(self, lines: list[list[Segment]]) -> None:
        """Put these lines on the screen, all of it, unless they are there."""
        width, height = self.size
        if self._drawn == (width, height, lines):
            return
        fitted = [Segment.adjust_line_length(line, width) for line in lines[:height]]
        fitted += [[Segment(" " * width)]] * (height - len(fitted))
        frame = [Segment("\x1b[H", None, [(0,)])]  # type: ignore[list-item]
        for index, line in enumerate(fitted):
            frame += [*line, Segment("\n")] if index < height - 1 else line
        with self._lock:
            if self._before is not None:
                self._drawn = (width, height, lines)
                self.console.print(Segments(frame), end="", soft_wrap=True)

    def key(self, seconds: float) -> Key | None:
        """The next key; None if there is none for so long."""
        if not self._read and not self._more(seconds):
            return None
        if self._read.startswith("\x1b"):
            return self._escape()
        character, self._read = self._read[0], self._read[1:]
        return Key(NAMES.get(character, character), character if character.isprintable() else "")

    def _escape(self) -> Key | None:
        """What begins with an escape byte: a key with a name, a paste, or the escape key itself."""
        end = time.monotonic() + 1.0
        while self._read.startswith("\x1b[200~") and "\x1b[201~" not in self._read and time.monotonic() < end:
            self._more(ALONE)
        if pasted := PASTED.match(self._read):
            self._read = self._read[pasted.end() :]
            return Key("paste", pasted["text"])
        if self._read == "\x1b":
            self._more(ALONE)
        if found := SEQUENCE.match(self._read):
            self._read = self._read[found.end() :]
            return Key(NAMES.get(found[1], "unknown"))
        self._read = self._read[1:]
        return Key("escape")

    def _more(self, seconds: float) -> bool:
        """Read what there is; whether that was anything."""
        if not select.select([0], [], [], seconds)[0]:
            return False
        data = os.read(0, 1 << 12)
        if not data:  # nobody is there any more
            raise EOFError
        self._read += self._decoder.decode(data)
        return bool(self._read)

    def _write(self, codes: str) -> None:
        self.console.file.write(codes)
        self.console.file.flush()
