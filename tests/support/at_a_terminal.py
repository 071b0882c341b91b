"""A real pseudo-terminal with a program on it: keys go in, and a terminal emulator says what stands on the screen."""

import os
import re
import sys
import time

import pexpect
import pyte

SECONDS = 300  # that anything may take: a busy machine takes minutes to import torch
COLOUR = re.compile(r"\x1b\[(?:[\d;]*;)?(?:3[0-7]|38|4[0-7]|48|9[0-7]|10[0-7])(?:;[\d;]*)?m")
ENTER, ESCAPE, CTRL_C, CTRL_D = "\r", "\x1b", "\x03", "\x04"
UP, DOWN, PAGE_DOWN, HOME, END = "\x1b[A", "\x1b[B", "\x1b[6~", "\x1b[H", "\x1b[F"


class AtTerminal:
    """`python -m agent ...` as a person sees it."""

    def __init__(self, *arguments, columns=80, lines=24, **environment):
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.Stream(self.screen)
        self.written = ""
        kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "VISUAL")}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "agent", *map(str, arguments)],
            dimensions=(lines, columns),
            env=kept | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "EDITOR": "false"} | environment,
            encoding="utf-8",
            timeout=SECONDS,
        )

    @property
    def rows(self):
        """The lines of the screen."""
        return [row.rstrip() for row in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.rows)

    def see(self, *texts):
        """Wait until all of these stand on the screen."""
        self._wait(lambda: all(text in self.text for text in texts), texts)
        return self

    def miss(self, text):
        """Wait until this does not stand on the screen."""
        self._wait(lambda: text not in self.text, f"no {text}")
        return self

    def match(self, other):
        """Wait until this screen and another's say the same: either may be in the middle of being drawn."""

        def alike():
            other._read(0.1)
            return self.text == other.text

        self._wait(alike, f"what the other says:\n{other.text}\n")
        return self

    def press(self, *keys):
        for key in keys:
            self.child.send(key)
        return self

    def resize(self, columns, lines):
        self.screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)
        return self

    def end(self):
        """Wait until the program is gone: its exit code."""
        self._wait(lambda: not self.child.isalive(), "the end")
        self._read(0.1)
        self.child.close()
        return self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus

    def kill(self):
        """End the program at once if it is still there: on a busy machine that takes longer than pexpect waits."""
        try:
            self.child.close(force=True)
        except pexpect.ExceptionPexpect:
            self.child.ptyproc.wait()

    def _wait(self, reached, wanted):
        deadline = time.monotonic() + SECONDS
        while not reached():
            assert time.monotonic() < deadline, f"{wanted!r} is not to be seen:\n{self.text}"
            self._read(0.1)

    def _read(self, seconds):
        try:
            part = self.child.read_nonblocking(1 << 16, seconds)
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            time.sleep(0.05)
            return
        self.written += part
        self.stream.feed(part)
