"""How long a text is for a model, without its tokenizer: an estimate that errs on the high side.

docs/model.md says how it was measured against the tokenizers of GPT-4, GPT-4o, Qwen and DeepSeek.
"""

LETTERS = 3.3  # ASCII characters a token, other than digits and points, which are tokens by themselves
WIDE = 1.1  # tokens a character of any other script
MESSAGE = 8  # tokens that a chat template puts around a message


def estimate(text: str) -> int:
    """About how many tokens a text has."""
    narrow = len(text.encode("ascii", "ignore"))
    digits = sum(text.count(digit) for digit in "0123456789.")
    return round((narrow - digits) / LETTERS + digits + WIDE * (len(text) - narrow))


def at_most(text: str) -> int:
    """More tokens than a text can have: none is shorter than a byte."""
    return len(text.encode("utf-8", "replace")) + MESSAGE


def cut(text: str, tokens: int) -> str:
    """The beginning of a text, so much of it as has this many tokens, and three dots where some is missing."""
    if estimate(text) <= tokens:
        return text
    length = len(text)
    while length and estimate(text[:length]) >= tokens:
        length = length * 9 // 10
    return text[:length].rstrip() + " …"
