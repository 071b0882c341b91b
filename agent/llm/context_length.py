"""What an endpoint says of a request that is too long, read from its words: each server has its own."""

import re
from dataclasses import dataclass

ABOUT_LENGTH = re.compile(
    r"context.?(length|window|size)|context_length_exceeded|exceed_context|too (large|long|many)\b.*\btokens?\b"
    r"|tokens?\b.*(\b(too (large|long|many)|valid range|at most|less than|exceed(s|ed)?|limit)\b|<=|should be \[)"
    r"|input length|(input|prompt)\b.{0,40}\b(too long|longer than|exceeds?)|string too long",
    re.IGNORECASE | re.DOTALL,
)
NUMBER = r"(\d{2,9})"
# The most tokens of prompt and reply together, of the prompt as it was, and the most that a reply may have.
TOGETHER = (
    rf"n_ctx\W+{NUMBER}",
    rf"{NUMBER}(?: tokens?)? (?:maximum )?context (?:length|window|size)",
    rf"context (?:length|window|size)[^\d.]{{0,40}}{NUMBER}",
    rf"must be <= {NUMBER}",
    rf"> {NUMBER} maximum",
    rf"(?:maximum|max) (?:input|prompt|sequence|model) (?:length|tokens?)[^\d.]{{0,20}}{NUMBER}",
    rf"model token limit: {NUMBER}",
    rf"input length should be \[\d+, *{NUMBER}\]",
    rf"(?:prompt|input)[^.]*exceeds? the (?:limit|maximum) of {NUMBER}",
)
PROMPT = (
    rf"n_prompt_tokens\W+{NUMBER}",
    rf"{NUMBER} (?:tokens )?(?:from|in|of) the (?:input|prompt|messages)",
    rf"request \({NUMBER} tokens\)",
    rf"(?:contains|has|have|of) (?:at least )?{NUMBER} (?:input )?tokens",
    rf"(?:prompt|input) \((?:length )?{NUMBER}(?: tokens)?\)",
    rf"(?:messages|prompt|input) resulted in {NUMBER}",
    rf"given: {NUMBER} .inputs",
    rf"too long: {NUMBER}",
    rf"the first {NUMBER} tokens",
    rf"{NUMBER} (?:input|prompt) tokens",
)
REPLY = (
    rf"max_(?:completion_|new_|output_)?tokens.*?(?:at most|less than or equal to|no more than|<=) {NUMBER}",
    rf"at most {NUMBER} (?:completion|output)",
    rf"valid range[^\[]*\[\d+, *{NUMBER}\]",
    rf"max_(?:completion_|new_|output_)?tokens\W+should be \[\d+, *{NUMBER}\]",
    rf"max_(?:completion_|new_|output_)?tokens.*?maximum (?:value|allowed|is|of)\D{{0,20}}{NUMBER}",
)


@dataclass(frozen=True)
class TooLong:
    """In tokens; None where the endpoint does not say."""

    together: int | None = None  # that prompt and reply may have at most
    prompt: int | None = None  # of this request
    reply: int | None = None  # that a reply may have at most, however short the prompt


def too_long(refusal: str) -> TooLong | None:
    """What a refusal says of lengths; None where it is about something else."""
    if not ABOUT_LENGTH.search(refusal):
        return None
    text = re.sub(r"(?<=\d)[,_](?=\d{3}\b)", "", refusal)
    together = _number(TOGETHER, text)
    return TooLong(together, _number(PROMPT, text), None if together else _number(REPLY, text))


def _number(patterns: tuple[str, ...], text: str) -> int | None:
    found = (re.search(pattern, text, re.IGNORECASE | re.DOTALL) for pattern in patterns)
    return next((int(match[1]) for match in found if match), None)
