"""What the model costs. The cap holds for calls in flight too: what a call may cost is set aside before it is made."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from agent.core.errors import USAGE, DeltaSearchError
from agent.core.text import say
from agent.llm.transcript import Counted

MILLION = 1_000_000


class OutOfMoney(DeltaSearchError):
    """The next call could cost more than is left, in dollars."""

    exit_code = USAGE

    def __init__(self, limit: float, left: float, amount: float) -> None:
        super().__init__(
            f"the next call may cost {amount:.4f} dollars, and of {limit:g} there are {max(0.0, left):.4f} left: raise "
            "--max-cost, or lower reply_tokens"
        )
        self.reason = say("stop.money", limit=limit)


@dataclass
class Charge:
    """The tokens of one call. Until they are known it is billed in full: as much as it may take."""

    tokens_in: int
    tokens_out: int
    counted: Counted = "in full"

    def settle(self, tokens_in: int, tokens_out: int, counted: Counted = "as reported") -> None:
        self.tokens_in, self.tokens_out, self.counted = tokens_in, tokens_out, counted

    def cancel(self) -> None:
        """The call was refused before the model began."""
        self.settle(0, 0, "not at all")


@dataclass
class Spending:
    """What was spent and what is set aside, by several threads at once. Prices are dollars a million tokens."""

    limit: float | None = None  # dollars
    price_in: float | None = None
    price_out: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    calls: int = 0
    spent: float = 0.0
    set_aside: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def priced(self) -> bool:
        return self.price_in is not None and self.price_out is not None

    def price(self, tokens_in: int, tokens_out: int) -> float:
        """Dollars; nothing where no price is known."""
        return ((self.price_in or 0.0) * tokens_in + (self.price_out or 0.0) * tokens_out) / MILLION

    @contextmanager
    def call(self, most_in: int, most_out: int) -> Iterator[Charge]:
        """Set aside what a call may cost, and count its charge at the end. Raises OutOfMoney before it is made."""
        amount = self.price(most_in, most_out)
        with self._lock:
            if self.limit is not None and self.spent + self.set_aside + amount > self.limit:
                raise OutOfMoney(self.limit, self.limit - self.spent - self.set_aside, amount)
            self.set_aside += amount
        charge = Charge(most_in, most_out)
        try:
            yield charge
        finally:
            with self._lock:
                self.set_aside -= amount
                self.spent += self.price(charge.tokens_in, charge.tokens_out)
                self.tokens_in += charge.tokens_in
                self.tokens_out += charge.tokens_out
                self.calls += charge.counted != "not at all"

    def __str__(self) -> str:
        """What was used so far, for a status line."""
        tokens = f"{self.tokens_in:,} tokens in and {self.tokens_out:,} out"
        cost = f"${self.spent:.2f}" + (f" of ${self.limit:.2f}" if self.limit is not None else "")
        return f"{cost} ({tokens})" if self.priced else tokens
