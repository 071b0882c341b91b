"""One card, from when it is put before the reader to his decision."""

import time
from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.text import Text as Line

from agent.core.errors import DeltaSearchError
from agent.core.run import Run
from agent.core.text import clean
from agent.desk.card import render_card, render_file
from agent.desk.decisions import approve, reject
from agent.desk.editor import EditorFailed
from agent.desk.prompt import Prompt
from agent.desk.seat import LOOK, Left, Seat
from agent.desk.terminal import Key
from agent.desk.window import Window
from agent.desk.words import LANGUAGES
from agent.store.folder import VARIANT
from agent.store.workspace import StaleRun

DRAFT = "draft.py"  # a person's version that was refused, or came too late
BEFORE, AFTER = (("a", "approve"), ("e", "edit"), ("r", "reject"), ("s", "skip")), (("l", "language"), ("↑↓", "scroll"))
PROMPT_KEYS = (("⏎", "done"), ("esc", "card"))


class Reading:
    """The reader's view of a run: its card or its whole file, and where he is in it."""

    def __init__(self, seat: Seat, run: Run, amend: Callable[[Run, str], Run], dollars: Callable[[], float]) -> None:
        self.seat, self.run, self.amend, self.dollars = seat, run, amend, dollars
        self.whole_file = False
        self.refusal = ""
        self.draft = ""
        self.over = False
        self.skipped = False
        self.looked = time.monotonic()
        self.scored = len(seat.workspace.history().scored)
        self.window = Window(seat.terminal, self._content)

    def draw(self) -> None:
        self.seat.draw(self.window, self.run.name, self._keys())

    def go(self) -> None:
        """Until it is decided, here or elsewhere, or skipped. Raises Left."""
        self.seat.terminal.forget()
        try:
            while not self.over:
                key = self.seat.tick(self.window, self.run.name, self._keys())
                if key is None:
                    self._look()
                elif not self.window.scroll(key):
                    self._obey(key)
        except StaleRun:
            self._keep_draft()
            self.seat.say(f"· {self.run.name} {self.seat.words('decided')}")

    def _obey(self, key: Key) -> None:
        match key.name:
            case "a":
                remark = self._ask("remark")
                if remark is not None:
                    approve(self.seat.workspace, self.run, remark)
                    self._close("✓", "approved", remark)
            case "r":
                if reason := self._ask("reason", "reason needed"):
                    reject(self.seat.workspace, self.run, reason)
                    self._close("✗", "rejected", reason)
            case "e":
                self._edit()
            case "s":
                self.skipped = self.over = True
                self.seat.tell(f"· {self.run.name} {self.seat.words('skipped')}")
            case "f":
                self.whole_file = not self.whole_file
                self._renew()
            case "l":
                self.seat.speak(LANGUAGES[1 - LANGUAGES.index(self.seat.language)])
                self._renew(self.window.top)
            case "q" | "\x04":
                raise Left

    def _close(self, mark: str, decision: str, words: str) -> None:
        """Tell of the decision, and have whoever trains hear of it."""
        self.over = True
        self.seat.say(f"{mark} {self.seat.words(decision)} {self.run.name}" + (f": {words}" if words else ""))
        self.seat.rung.set()

    def _ask(self, question: str, needed: str = "") -> str | None:
        """A line of text; None where the reader thinks better of it. An empty one will not do if `needed` says why."""
        prompt = Prompt(self.seat.words(question))
        while True:
            width, _ = self.seat.terminal.size
            key = self.seat.tick(self.window, self.run.name, PROMPT_KEYS, prompt.render(width, self.seat.news))
            match key:
                case None:
                    self._look()
                case Key("escape" | "\x04"):
                    self.seat.news = Line()
                    return None
                case Key("enter") if needed and not prompt.text.strip():
                    self.seat.tell(self.seat.words(needed), "red")
                case Key("enter"):
                    return prompt.text.strip()
                case _:
                    self.seat.news = Line()
                    prompt = prompt.after(key)

    def _edit(self) -> None:
        """Open the reader's editor on the variant, or on his version of it that was refused before."""
        self.refusal = ""
        try:
            written = self._written(self.draft or self.run.proposal.source)
        except EditorFailed as error:
            self._object("editor failed", error)
            return
        if written == self.run.proposal.source:
            self.draft = ""
            self.seat.tell(self.seat.words("unchanged"))
            self._renew()
            return
        self.draft = written
        try:
            self.run = self.seat.work("checking", lambda: self.amend(self.run, written))
        except StaleRun:
            raise
        except DeltaSearchError as error:
            self._keep_draft()
            self._object("refused", error)
        else:
            self.draft = ""
            self.seat.tell(self.seat.words("edited"), "green")
            self._renew()

    def _object(self, what: str, error: DeltaSearchError) -> None:
        """Say above the card what went wrong, in full."""
        self.refusal = f"{self.seat.words(what)}\n{error}\n"
        self._renew()

    def _written(self, text: str) -> str:
        self.seat.editing = True
        try:
            with self.seat.terminal.lent():
                return self.seat.editor.edit(text, VARIANT)
        except EditorFailed:
            self.seat.failed_edit = time.monotonic()
            raise
        finally:
            self.seat.editing = False

    def _keep_draft(self) -> None:
        """Nobody's work is lost."""
        if self.draft:
            self.seat.workspace.write(self.run, DRAFT, self.draft)
            self.seat.lines.append(f"· {self.seat.workspace.folder(self.run) / DRAFT}: {self.seat.words('draft')}")

    def _look(self) -> None:
        """Bring the card up to date. Raises StaleRun where somebody else decided about the run, or edited it."""
        if time.monotonic() - self.looked > LOOK:
            self.looked = time.monotonic()
            if self.seat.workspace.find(self.run.id) != self.run:
                raise StaleRun
            scored = len(self.seat.workspace.history().scored)
            if scored != self.scored:  # another result is there to compare with
                self.scored = scored
                self._renew(self.window.top)

    def _renew(self, top: int = 0) -> None:
        self.window = Window(self.seat.terminal, self._content)
        self.window.top = top

    def _content(self, width: int) -> RenderableType:
        if self.whole_file:
            return render_file(self.run, self.seat.language)
        shown = render_card(self.run, self.seat.workspace.history(), self.seat.language, width, self.dollars())
        return Group(Line(clean(self.refusal), style="red"), shown) if self.refusal else shown

    def _keys(self) -> tuple[tuple[str, str], ...]:
        return (*BEFORE, ("f", "card" if self.whole_file else "file"), *AFTER, ("q", "quit"))
