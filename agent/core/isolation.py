"""How generated code was confined when a run was made: what was on, what was missing, what was tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.core.reason import SAID, Reason, also_from_strings
from agent.core.sentences import joined
from agent.core.text import ENGLISH, Text, say


@dataclass(frozen=True)
class Isolation:
    """The layers that are on and that are missing, how much was tried in a child that has them, and what of it worked.

    Where that child is to use a GPU, also the `kernels` that it has there, or the `trouble` that keeps it from it.
    Earlier versions kept a line of English, which is then all that is `said`. Without arguments nothing is known.
    """

    layers: tuple[Reason, ...] = ()
    missing: tuple[Reason, ...] = ()
    tried: int = 0
    worked: tuple[Reason, ...] = ()
    kernels: str = ""
    trouble: Reason | None = None
    said: str = ""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: Any) -> dict[str, Any]:
        return also_from_strings(handler(source), lambda line: cls(said=line))

    @property
    def known(self) -> bool:
        """Whether anything is known of how a run was confined."""
        return self != Isolation()

    @property
    def proven(self) -> bool:
        """Whether the forbidden was tried, and none of it worked."""
        return self.tried > 0 and not self.worked

    @property
    def text(self) -> Text:
        """All of it in one line of every language."""
        if self.said:
            return say(SAID, words=self.said.removeprefix("isolation: "))
        parts = [_listed(self.layers) if self.layers else say("isolation.no_layers"), self._tried()]
        parts += [say("isolation.missing", layers=_listed(self.missing))] if self.missing else []
        parts += [say("isolation.kernels", kernels=self.kernels)] if self.kernels else []
        parts += [say("isolation.trouble", error=self.trouble.text)] if self.trouble else []
        line = joined(parts, "list.semicolon")
        return say("isolation.not_proven", line=line) if self.worked else line

    def _tried(self) -> Text:
        if self.worked:
            return say("isolation.worked", attempts=_listed(self.worked))
        return say("isolation.withstood", count=self.tried) if self.tried else say("isolation.untried")

    @property
    def line(self) -> str:
        """The same in English, as logs and terminals show it."""
        line = self.text[ENGLISH]
        return line if self.worked or not self.known else f"isolation: {line}"


def _listed(reasons: Sequence[Reason]) -> Text:
    return joined(reason.text for reason in reasons)
