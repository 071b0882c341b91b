"""The model proposes; while it cannot be reached, the catalogue does."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random

from agent.core.errors import Unavailable
from agent.core.run import Proposal, Run
from agent.proposer import Chooser, Proposer, Repairer
from agent.science.history import History


@dataclass
class Fallback:
    """Asks the first proposer each time anew, and the second where the first is unavailable."""

    first: Proposer
    second: Proposer
    say: Callable[[str], None]

    def repair(self, history: History) -> Proposal | None:
        """What the first would repair, unless it is unavailable."""
        try:
            return self.first.repair(history) if isinstance(self.first, Repairer) else None
        except Unavailable as error:
            self.say(f"· {error}; nothing is repaired now")
            return None

    def choose(self, history: History, draw: Random, among: Collection[str] = ()) -> Proposal | None:
        """What the first chooses; what the second does where the first is unavailable."""
        if not isinstance(self.first, Chooser):
            return None
        try:
            return self.first.choose(history, draw, among)
        except Unavailable as error:
            self.say(f"· {error}; the catalogue proposes meanwhile")
            return self.second.choose(history, draw, among) if isinstance(self.second, Chooser) else None

    def propose(self, history: History, parent: Run, draw: Random, idea: str = "") -> Proposal:
        try:
            return self.first.propose(history, parent, draw, idea)
        except Unavailable as error:
            if idea:
                raise  # only a model understands a person's own words
            self.say(f"· {error}; the catalogue proposes meanwhile")
            return self.second.propose(history, parent, draw, idea)
