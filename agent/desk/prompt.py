"""A line of text that is typed into the bottom of the screen."""

from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text as Line

from agent.desk.terminal import Key

MOST = 4_000  # characters


@dataclass(frozen=True)
class Prompt:
    """A question and what was typed so far, before and behind the cursor."""

    question: str
    before: str = ""
    behind: str = ""

    @property
    def text(self) -> str:
        return self.before + self.behind

    def after(self, key: Key) -> "Prompt":
        """What a key makes of it. What is pasted becomes one line, so that none of it is taken for an answer."""
        before, behind = self.before, self.behind
        match key.name:
            case "left":
                before, behind = before[:-1], before[-1:] + behind
            case "right":
                before, behind = before + behind[:1], behind[1:]
            case "home" | "\x01":  # Ctrl-A
                before, behind = "", self.text
            case "end" | "\x05":  # Ctrl-E
                before, behind = self.text, ""
            case "backspace":
                before = before[:-1]
            case "delete":
                behind = behind[1:]
            case "\x0b":  # Ctrl-K
                behind = ""
            case "\x15":  # Ctrl-U
                before = ""
            case "\x17":  # Ctrl-W
                before = before.rstrip().rpartition(" ")[0]
            case "paste":
                before += " ".join(key.text.split())
            case _:
                before += key.text
        return Prompt(self.question, before[: MOST - len(behind)], behind)

    def render(self, width: int, objection: Line) -> Line:
        """The question, as much of the text around the cursor as fits, and what is wrong with an answer."""
        room = max(0, width - cell_len(self.question) - 7)  # beside ": ", "…", a cursor of two cells and the margins
        before = self.before
        while cell_len(before) > room:
            before = before[1:]
        cut = "…" if before != self.before else ""
        under = (self.behind[:1] or " ", "reverse")
        behind = Line(self.behind[1:] if cell_len(before) < room else "")
        behind.truncate(room - cell_len(before), overflow="ellipsis")
        return Line.assemble((f"{self.question}: ", "bold"), cut, before, under, behind, " ", objection)
