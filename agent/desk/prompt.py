"""A line of text that is typed into the bottom of the screen."""

from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text as Line

from agent.desk.terminal import Key

MOST = 4_000  # characters


@dataclass(frozen=True)
class Prompt:
    """A question and what was typed so far."""

    question: str
    text: str = ""

    def after(self, key: Key) -> "Prompt":
        """What a key makes of it. What is pasted becomes one line, so that none of it is taken for an answer."""
        match key.name:
            case "backspace":
                text = self.text[:-1]
            case "\x15":  # Ctrl-U
                text = ""
            case "\x17":  # Ctrl-W
                text = self.text.rstrip().rpartition(" ")[0]
            case "paste":
                text = self.text + " ".join(key.text.split())
            case _:
                text = self.text + key.text
        return Prompt(self.question, text[:MOST])

    def render(self, width: int, objection: Line) -> Line:
        """The question, the end of the text as far as it fits, the cursor, and what is wrong with an answer."""
        room = max(0, width - cell_len(self.question) - 6)
        shown = self.text
        while cell_len(shown) > room:
            shown = shown[1:]
        cut = "…" if shown != self.text else ""
        return Line.assemble((f"{self.question}: ", "bold"), cut, shown, (" ", "reverse"), " ", objection)
