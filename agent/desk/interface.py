"""One screen for the reader, and all that the reader's thread shares with the thread that trains.

The training thread tells how that goes (`status`, `say`), hears of decisions (`rung`) and may end the desk (`close`);
nothing else passes between the two but the run folders.
"""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

from rich.text import Text as Line

from agent.core.languages import LANGUAGES
from agent.core.text import clean
from agent.desk.decisions import waiting
from agent.desk.editor import Editor
from agent.desk.terminal import Key, Terminal
from agent.desk.window import Frame, Window
from agent.desk.words import next_language, remember_language, words
from agent.store.status import Status
from agent.store.workspace import Workspace

TICK = 0.2  # seconds between two looks at what changed
LOOK = 1.0  # seconds between two looks at the run folders
LATE = 1.0  # seconds after an editor has failed in which the signal that ended it may arrive
FADE = 6.0  # seconds that news stand on the screen
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

T = TypeVar("T")
Keys = tuple[tuple[str, str], ...]


class Left(Exception):
    """The reader goes, or has to."""


@dataclass
class UserInterface:
    """The reader's terminal, editor and language, and the news of the moment."""

    workspace: Workspace
    language: str
    terminal: Terminal = field(default_factory=Terminal)
    editor: Editor = field(default_factory=Editor)
    status: Status | None = None
    lines: list[str] = field(default_factory=list)  # what happened, to be printed when the reader has gone
    news: Line = field(default_factory=Line)
    told: float = 0.0
    editing: bool = False
    failed_edit: float = -math.inf  # when an editor last ended with an error
    rung: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    count: int = 0
    counted: float = 0.0

    @property
    def editor_is_meant(self) -> bool:
        """Whether a Ctrl-C is the editor's. One that ended it may be told to this program after that end is."""
        return self.editing or time.monotonic() - self.failed_edit < LATE

    def close(self) -> None:
        """Have the reader go. May be called by any thread, and again."""
        self.closing.set()
        self.editor.end()

    def tell(self, news: str, style: str = "") -> None:
        """Show the reader something until he presses a key, or for a moment."""
        self.news, self.told = Line(clean(news).replace("\n", " "), style), time.monotonic()

    def say(self, line: str) -> None:
        """Tell him something that he may want to see again later."""
        self.lines.append(line)
        self.tell(line)

    def words(self, key: str) -> str:
        return words(self.language, key)

    def speak(self, language: str) -> None:
        self.language = language
        remember_language(self.workspace, language)

    def tick(self, window: Window, name: str, keys: Keys, prompt: Line | None = None) -> Key | None:
        """Draw the screen as things are now, and wait a moment for a key. Raises Left when the reader has to go."""
        if self.closing.is_set():
            raise Left
        if time.monotonic() - self.counted > LOOK:
            self.count, self.counted = len(waiting(self.workspace)), time.monotonic()
        if time.monotonic() - self.told > FADE:
            self.news = Line()
        self.draw(window, name, keys, prompt)
        key = self.terminal.key(TICK)
        if key is not None and prompt is None:
            self.news = Line()
        return key

    def draw(self, window: Window, name: str, keys: Keys, prompt: Line | None = None) -> None:
        """The screen as things are now."""
        news = prompt or self.news or self.progress()
        window.draw(Frame(clean(name), f"{self.count} {self.words('waiting')}", news, self.key_line(keys)))

    def work(self, what: str, function: Callable[[], T]) -> T:
        """Do what takes its time while the screen stays alive. Raises what it raises, and Left.

        Leaving does not stop it: its result stands in the run folders if this process lives so long.
        """
        result: Future[T] = Future()
        threading.Thread(target=_fulfil, args=(result, function), daemon=True).start()
        began, window = time.monotonic(), Window(self.terminal, lambda width: Line())
        while not result.done():
            passed = time.monotonic() - began
            self.tell(f"{SPINNER[int(passed / TICK) % len(SPINNER)]} {self.words(what)}  {passed:.0f} s")
            self.tick(window, "", (("^C", "stops"),))
        self.news = Line()
        self.terminal.forget()
        return result.result()

    def progress(self) -> Line:
        """How the training goes, in a line."""
        status = self.status
        if status is None or not status.training:
            return Line()
        return Line(f"{self.words('training')} {status.run} {status.share:.0%}  {status.training}", style="dim")

    def key_line(self, keys: Keys) -> Line:
        """Keys and what they do."""
        line = Line(no_wrap=True)
        for key, meaning in keys:
            line.append(key, style="bold").append(f" {self._meaning(meaning)}  ", style="dim")
        return line

    def _meaning(self, meaning: str) -> str:
        """What a key does; that of the language names the one to come."""
        return LANGUAGES[next_language(self.language)].name if meaning == "language" else self.words(meaning)


def _fulfil(result: "Future[T]", function: Callable[[], T]) -> None:
    try:
        result.set_result(function())
    except BaseException as error:  # raised again where the result is waited for
        result.set_exception(error)
