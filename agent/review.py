"""The desk: a person reads a proposal's card and approves, edits, rejects or skips it."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text as Line

from agent.errors import DeltaSearchError
from agent.history import History
from agent.record import Review, Run
from agent.review_card import LANGUAGES, Language, card, full_diff, words

Ask = Callable[[], str]


class ReviewEnded(DeltaSearchError):
    """The reviewer left the desk. What was not decided waits."""

    exit_code = 0


@dataclass
class Desk:
    """Shows one card after the other on a console and obeys keys.

    `amend` checks and keeps a person's version of a run, `remember` keeps the language, `key` waits for a key and `ask`
    for a line of text after a question.
    """

    console: Console
    amend: Callable[[Run, str], Run]
    language: Language = "en"
    remember: Callable[[Language], None] = lambda language: None
    key: Ask = typer.getchar
    ask: Callable[[str], str] = input
    by: str = "a person"

    def __call__(self, run: Run, history: History) -> tuple[Run, Review | None]:
        """The run, which may have been edited, and what was decided; None if it was skipped. ReviewEnded on quit."""
        self.show(run, history)
        while True:
            match self.key().lower():
                case "a":
                    return run, Review("approved", self.by, self.line("remark"))
                case "r":
                    if reason := self.line("reason"):
                        return run, Review("rejected", self.by, reason)
                    self.say("reason needed")
                case "e":
                    run = self.edit(run)
                    self.show(run, history)
                case "s":
                    return run, None
                case "l":
                    self.language = LANGUAGES[1 - LANGUAGES.index(self.language)]
                    self.remember(self.language)
                    self.show(run, history)
                case "f":
                    self.page(Syntax(run.proposal.source, "python", line_numbers=True, background_color="default"))
                case "d":
                    self.page(full_diff(run, history, self.console.width))
                case "q" | "\x03" | "\x04":
                    raise ReviewEnded(words(self.language, "left"))
                case _:
                    self.say("keys")

    def show(self, run: Run, history: History) -> None:
        self.console.print(card(run, history, self.language, self.console.width, self.console.height))
        self.say("keys")

    def say(self, what: str) -> None:
        self.console.print(Line(words(self.language, what), style="bold"))

    def line(self, question: str) -> str:
        """A line of text; nothing where the person breaks off."""
        try:
            return self.ask(words(self.language, question) + " ").strip()
        except (EOFError, KeyboardInterrupt):
            self.console.print()
            return ""

    def page(self, what: object) -> None:
        with self.console.pager(styles=not self.console.no_color):
            self.console.print(what)

    def edit(self, run: Run) -> Run:
        """Open the person's editor on the variant; the run as it then is, or as it was where that came to nothing."""
        source = self.editor(run.proposal.source)
        if source is None or source == run.proposal.source:
            self.say("unchanged")
            return run
        try:
            run = self.amend(run, source)
        except DeltaSearchError as error:
            self.console.print(Line(f"{words(self.language, 'refused')} {error}", style="red"))
            return run
        self.say("edited")
        return run

    def editor(self, source: str) -> str | None:
        """What the editor leaves of a text; None if it failed."""
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        with tempfile.TemporaryDirectory(prefix="deltasearch-") as folder:
            path = Path(folder) / "naive.py"
            path.write_text(source, encoding="utf-8")
            try:
                code = subprocess.run([*command, str(path)]).returncode
            except OSError as error:
                self.console.print(Line(f"{command[0]}: {error.strerror}; set EDITOR", style="red"))
                return None
            return path.read_text(encoding="utf-8", errors="replace") if code == 0 else None
