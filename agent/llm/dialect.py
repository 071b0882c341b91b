"""How an endpoint wants to be asked. They differ, and say so by refusing: what a refusal teaches is kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.core.text import whole_characters
from agent.llm import Message

Limit = Literal["max_completion_tokens", "max_tokens"]


@dataclass
class Dialect:
    """The parameters of a request besides its model and its messages.

    Reasoning models take max_completion_tokens and no temperature; older servers know max_tokens alone. Some endpoints
    do not stream, do not count the tokens of a stream, or take no system message.
    """

    reply_tokens: int
    temperature: float | None = None
    limit: Limit = "max_completion_tokens"
    stream: bool = True
    counting: bool = True
    system: bool = True
    learned: list[str] = field(default_factory=list)

    def request(
        self, model: str, messages: Sequence[Message], reply_tokens: int | None = None, stream: bool = True
    ) -> dict[str, Any]:
        """What is sent; with stream=False without streaming, although the endpoint is known to stream."""
        turns = list(messages)
        if not self.system and turns[0].role == "system":
            first, second, *rest = turns
            turns = [Message("user", f"{first.content}\n\n{second.content}"), *rest]
        stream = stream and self.stream
        request: dict[str, Any] = {
            "model": model,
            "messages": [{"role": turn.role, "content": whole_characters(turn.content)} for turn in turns],
            self.limit: reply_tokens or self.reply_tokens,
            "stream": stream,
        }
        if self.temperature is not None:
            request["temperature"] = self.temperature
        if stream and self.counting:
            request["stream_options"] = {"include_usage": True}
        return request

    def learn(self, refusal: str) -> bool:
        """Change what a refusal complains of; False where there is nothing to be changed, or it was changed before."""
        lessons = {
            "temperature": self.temperature is not None and _names("temperature", refusal),
            "counting": self.stream and self.counting and _names("stream_options|include_usage", refusal),
            "limit": _names(self.limit, refusal),
            "stream": self.stream and _names("stream|streaming", refusal),
            "system": self.system and _names("system", refusal),
        }
        lesson = next((name for name, fits in lessons.items() if fits and name not in self.learned), None)
        match lesson:
            case "temperature":
                self.temperature = None
            case "counting":
                self.counting = False
            case "limit":
                self.limit = "max_tokens" if self.limit == "max_completion_tokens" else "max_completion_tokens"
            case "stream":
                self.stream = self.counting = False
            case "system":
                self.system = False
            case None:
                return False
        self.learned.append(lesson)
        return True


def _names(word: str, refusal: str) -> bool:
    return re.search(rf"\b({word})\b", refusal, re.IGNORECASE) is not None
