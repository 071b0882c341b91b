"""One card, from when it is put before the reader to his decision."""

import time
from collections.abc import Callable
from dataclasses import replace

from rich.console import Group, RenderableType
from rich.text import Text as Line

from agent.core.errors import DeltaSearchError
from agent.core.run import Run
from agent.core.text import clean
from agent.desk.card import render_card, render_file
from agent.desk.decisions import approve, reject
from agent.desk.editor import EditorFailed
from agent.desk.interface import LOOK, Left, UserInterface
from agent.desk.prompt import Prompt
from agent.desk.terminal import Key
from agent.desk.window import Window
from agent.desk.words import next_language, reason_in, words
from agent.science.steps import steps_of
from agent.store.folder import VARIANT
from agent.store.workspace import StaleRun

DRAFT = "draft.py"  # a person's version that was refused, or came too late
BEFORE, AFTER = (("a", "approve"), ("e", "edit"), ("r", "reject"), ("s", "skip")), (("l", "language"), ("↑↓", "scroll"))
PROMPT_KEYS = (("⏎", "done"), ("esc", "card"))
REJECT_KEYS = (("⏎", "done"), ("tab", "everywhere"), ("esc", "card"))


class RunView:
    """The reader's view of a run: its card or its whole file, and where he is in it."""

    def __init__(
        self, ui: UserInterface, run: Run, amend: Callable[[Run, str], Run], dollars: Callable[[], float]
    ) -> None:
        self.ui, self.run, self.amend, self.dollars = ui, run, amend, dollars
        self.whole_file = False
        self.refusal = ""
        self.draft = ""
        self.over = False
        self.skipped = False
        self.looked = time.monotonic()
        self.scored = len(ui.workspace.history().scored)
        self.window = Window(ui.terminal, self._content)

    def draw(self) -> None:
        self.ui.draw(self.window, self.run.name, self._keys())

    def go(self) -> None:
        """Until it is decided, here or elsewhere, or skipped. Raises Left."""
        self.ui.terminal.forget()
        try:
            while not self.over:
                key = self.ui.tick(self.window, self.run.name, self._keys())
                if key is None:
                    self._look()
                elif not self.window.scroll(key):
                    self._obey(key)
        except StaleRun:
            self._keep_draft()
            self.ui.say(f"· {self.run.name} {self.ui.words('decided')}")

    def _obey(self, key: Key) -> None:
        match key.name:
            case "a":
                remark = self._ask((self.ui.words("remark"),))
                if remark is not None:
                    approve(self.ui.workspace, self.run, remark.text)
                    self._close("✓", "approved", remark.text)
            case "r":
                self._reject()
            case "e":
                self._edit()
            case "s":
                self.skipped = self.over = True
                self.ui.tell(f"· {self.run.name} {self.ui.words('skipped')}")
            case "f":
                self.whole_file = not self.whole_file
                self._renew()
            case "l":
                self.ui.speak(next_language(self.ui.language))
                self._renew(self.window.top)
            case "q" | "\x04":
                raise Left

    def _reject(self) -> None:
        """Of this variant, or of what it does to its parent, whatever the parent: tab goes from one to the other."""
        steps = steps_of(self.ui.workspace.history(), self.run.proposal)[:1]
        change = steps[0].text[self.ui.language] if steps else self.ui.words("this idea")
        questions = (self.ui.words("reason"), words(self.ui.language, "reason everywhere", change=change))
        if answer := self._ask(questions, "reason needed"):
            everywhere = answer.question == questions[1]
            rejected = reject(self.ui.workspace, self.run, answer.text, everywhere)
            self._close("✗", "rejected everywhere" if everywhere else "rejected", answer.text)
            for run in rejected[1:]:
                self.ui.say(f"✗ {self.ui.words('rejected everywhere')} {run.name}")

    def _close(self, mark: str, decision: str, words: str) -> None:
        """Tell of the decision, and let the thread that trains hear of it."""
        self.over = True
        self.ui.say(f"{mark} {self.ui.words(decision)} {self.run.name}" + (f": {words}" if words else ""))
        self.ui.rung.set()

    def _ask(self, questions: tuple[str, ...], needed: str = "") -> Prompt | None:
        """An answer to one of some questions, between which tab changes; None where the reader thinks better of it.

        An empty one will not do if `needed` says why.
        """
        prompt, keys = Prompt(questions[0]), PROMPT_KEYS if len(questions) == 1 else REJECT_KEYS
        while True:
            width, _ = self.ui.terminal.size
            key = self.ui.tick(self.window, self.run.name, keys, prompt.render(width, self.ui.news))
            match key:
                case None:
                    self._look()
                case Key("escape" | "\x04"):
                    self.ui.news = Line()
                    return None
                case Key("enter") if needed and not prompt.text.strip():
                    self.ui.tell(self.ui.words(needed), "red")
                case Key("enter"):
                    return replace(prompt, before=prompt.text.strip(), behind="")
                case Key("tab"):
                    after = questions.index(prompt.question) + 1
                    prompt = replace(prompt, question=questions[after % len(questions)])
                case _:
                    self.ui.news = Line()
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
            self.ui.tell(self.ui.words("unchanged"))
            self._renew()
            return
        self.draft = written
        try:
            self.run = self.ui.work("checking", lambda: self.amend(self.run, written))
        except StaleRun:
            raise
        except DeltaSearchError as error:
            self._keep_draft()
            self._object("refused", error)
        else:
            self.draft = ""
            self.ui.tell(self.ui.words("edited"), "green")
            self._renew()

    def _object(self, what: str, error: DeltaSearchError) -> None:
        """Say above the card what went wrong, in full."""
        self.refusal = f"{self.ui.words(what)}\n{reason_in(self.ui.language, error)}\n"
        self._renew()

    def _written(self, text: str) -> str:
        self.ui.editing = True
        try:
            with self.ui.terminal.lent():
                return self.ui.editor.edit(text, VARIANT)
        except EditorFailed:
            self.ui.failed_edit = time.monotonic()
            raise
        finally:
            self.ui.editing = False

    def _keep_draft(self) -> None:
        """Nobody's work is lost."""
        if self.draft:
            self.ui.workspace.write(self.run, DRAFT, self.draft)
            self.ui.lines.append(f"· {self.ui.workspace.folder(self.run) / DRAFT}: {self.ui.words('draft')}")

    def _look(self) -> None:
        """Bring the card up to date. Raises StaleRun where somebody else decided about the run, or edited it."""
        if time.monotonic() - self.looked > LOOK:
            self.looked = time.monotonic()
            if self.ui.workspace.find(self.run.id) != self.run:
                raise StaleRun
            scored = len(self.ui.workspace.history().scored)
            if scored != self.scored:  # another result is there to compare with
                self.scored = scored
                self._renew(self.window.top)

    def _renew(self, top: int = 0) -> None:
        self.window = Window(self.ui.terminal, self._content)
        self.window.top = top

    def _content(self, width: int) -> RenderableType:
        if self.whole_file:
            return render_file(self.run, self.ui.language)
        shown = render_card(self.run, self.ui.workspace.history(), self.ui.language, width, self.dollars())
        return Group(Line(clean(self.refusal), style="red"), shown) if self.refusal else shown

    def _keys(self) -> tuple[tuple[str, str], ...]:
        return (*BEFORE, ("f", "card" if self.whole_file else "file"), *AFTER, ("q", "quit"))
