"""A model that nobody runs: it answers as a transcript says that one once did."""

from collections.abc import Sequence
from dataclasses import asdict

from agent.core.errors import UsageError
from agent.llm import Keep, Message, Reply
from agent.llm.answers import reply_of
from agent.llm.completion import Completion
from agent.llm.transcript import Exchange


class Replay:
    """Gives the recorded replies in their order, each only to what it was once given to."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self.left = [exchange for exchange in exchanges if exchange.reply is not None]
        self.model = str(self.left[0].request["model"]) if self.left else "nobody"

    def ask(self, messages: Sequence[Message], purpose: str, keep: Keep) -> Reply:
        """The next recorded reply. UsageError, saying where they part, if it was given to another conversation."""
        if not self.left:
            raise UsageError("the transcript has ended, and more is asked: it was recorded by another version")
        exchange = self.left.pop(0)
        if difference := same_conversation([asdict(message) for message in messages], exchange.messages):
            raise UsageError(f"the transcript was recorded of another conversation: {difference}")
        keep(exchange)
        completion = Completion(exchange.finish)
        completion.add({"choices": [{"message": {"content": exchange.reply, "reasoning": exchange.thoughts}}]})
        return reply_of(completion)


def same_conversation(request: Sequence[dict[str, str]], other: Sequence[dict[str, str]]) -> str:
    """Where two conversations part, in words; nothing where they do not."""
    for turn, (mine, theirs) in enumerate(zip(request, other, strict=False), 1):
        if mine != theirs:
            lines = zip(mine["content"].splitlines(), theirs["content"].splitlines(), strict=False)
            line, (now, then) = next(
                ((n, pair) for n, pair in enumerate(lines, 1) if pair[0] != pair[1]), (0, ("more or less", ""))
            )
            return f"turn {turn} ({mine['role']}), line {line}: {now[:80]!r} was {then[:80]!r}"
    return "" if len(request) == len(other) else f"{len(request)} turns were {len(other)}"
