"""From a completion to a reply: what is said apart from what is thought, and why it may hold no answer."""

import re

from agent.llm import Reply
from agent.llm.completion import Completion
from agent.llm.thoughts import without_thoughts
from agent.llm.transcript import Exchange

ANSWERED = re.compile(r"</\w+>|^[ \t>]*(?:```|~~~)|<{5,9} ?SEARCH", re.MULTILINE)  # what answers hold, and thoughts may

NAMES = 5  # of tools that are told


def reply_of(completion: Completion) -> Reply:
    """The reply. Where nothing is said and the thoughts hold an answer, that is taken for it."""
    spoken = without_thoughts(completion.text.replace("\r\n", "\n").replace("\r", "\n"))
    thoughts = "\n".join(part for part in (completion.thoughts, spoken.thoughts) if part.strip())
    cut = completion.ending == "length"
    if spoken.text:
        return Reply(spoken.text, cut, _problem(completion, spoken.unclosed), thoughts)
    if ANSWERED.search(thoughts) and not cut:
        alone = "all of it stood among the thoughts, and nothing behind them"
        return Reply(thoughts.strip(), cut, _problem(completion, False) or alone)
    return Reply("", cut, _problem(completion, False), thoughts)


def reply_in(exchange: Exchange) -> Reply:
    """The reply that was taken down of an exchange, as it was when it came."""
    return reply_of(Completion(exchange.finish, _text=[exchange.reply or ""], _thoughts=[exchange.thoughts]))


def _problem(completion: Completion, unclosed: bool) -> str:
    match completion.ending:
        case "tool call":
            names = ", ".join(list(dict.fromkeys(completion.tools))[:NAMES]) or "unnamed"
            return f"it called a tool ({names}), and there are no tools here: write the answer as plain text"
        case "filter":
            return f"a content filter of the endpoint ended it ({completion.finish}): write it in other words"
    return "its thoughts were opened and never closed: close them, and write the answer behind them" if unclosed else ""
