"""How evidence is fitted into a prompt: each part has a share, and no room is left unused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.llm.tokens import estimate as tokens_of

LEFT_OUT = 8  # tokens of the line that says how much is left out
BETWEEN = 2  # tokens of a line's end, and of an empty line


@dataclass(frozen=True)
class Part:
    """A part of a prompt: its heading, its lines, the most important first, and the share of the prompt it may take.

    One with a share of 0 gets what no other part has a use for.
    """

    heading: str
    share: float
    lines: Sequence[str]


@dataclass(frozen=True)
class Fitted:
    """The lines that fit, and how many do not. Without a line there is no heading."""

    heading: str
    lines: tuple[str, ...]
    left_out: int


@dataclass
class _Account:
    """A part while it is filled: which of its lines are in, and how many tokens it may still spend."""

    part: Part
    left: float
    kept: set[int] = field(default_factory=set)

    @property
    def whole(self) -> bool:
        """Whether there is nothing more to take."""
        return len(self.kept) == len(self.part.lines)

    def spend(self) -> None:
        """Take every further line that fits, the heading with the first."""
        for number, line in enumerate(self.part.lines):
            if number in self.kept:
                continue
            cost = tokens_of(line) + BETWEEN
            if not self.kept:
                cost += tokens_of(f"# {self.part.heading}") + BETWEEN + LEFT_OUT
            if cost <= self.left:
                self.kept.add(number)
                self.left -= cost

    def fitted(self) -> Fitted:
        lines = tuple(line for number, line in enumerate(self.part.lines) if number in self.kept)
        return Fitted(self.part.heading, lines, len(self.part.lines) - len(lines))


def fit(parts: Mapping[str, Part], tokens: int) -> dict[str, Fitted]:
    """Give each part its share of so many tokens, headings included.

    What a part has no use for is shared out among the others in the same proportion. What is left when no line fits
    into any share is offered to all, the largest share first.
    """
    accounts = {name: _Account(part, 0.0) for name, part in parts.items()}
    spare = float(tokens)
    while spare and (wanting := [account for account in accounts.values() if account.part.share and not account.whole]):
        shares = sum(account.part.share for account in wanting)
        for account in wanting:
            account.left += spare * account.part.share / shares
            account.spend()
        spare = 0.0
        for account in accounts.values():
            if account.whole:
                spare, account.left = spare + account.left, 0.0
    spare += sum(account.left for account in accounts.values())
    for account in sorted(accounts.values(), key=lambda account: account.part.share, reverse=True):
        account.left = spare
        account.spend()
        spare = account.left
    return {name: account.fitted() for name, account in accounts.items()}
