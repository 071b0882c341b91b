"""What servers say of a request that is too long, in their own words."""

# ruff: noqa: E501 (words of others as they are)

import pytest

from agent.llm.context_length import TooLong, too_long


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("request (9437 tokens) exceeds the available context size (8192 tokens), try increasing it", (8192, 9437, None)),
        ("This model's maximum context length is 8192 tokens. However, you requested 13000 tokens (9000 in the messages, "
         "4000 in the completion). Please reduce the length of the messages or completion.", (8192, 9000, None)),
        ("This model's maximum context length is 8,192 tokens. However, your messages resulted in 9,437 tokens.",
         (8192, 9437, None)),
        ("'max_tokens' or 'max_completion_tokens' is too large: 16000. This model's maximum context length is 8192 tokens "
         "and your request has 6000 input tokens (16000 > 8192 - 6000).", (8192, 6000, None)),
        ("Requested token count exceeds the model's maximum context length of 8192 tokens. You requested a total of 12000 "
         "tokens: 8000 tokens from the input messages and 4000 tokens for the completion.", (8192, 8000, None)),
        ("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 3500 `inputs` tokens and 1000 "
         "`max_new_tokens`", (4096, 3500, None)),
        ("prompt is too long: 210000 tokens > 200000 maximum", (200000, 210000, None)),
        ("Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
         (32768, 40000, None)),
        ("Trying to keep the first 9437 tokens when context the overflows. However, the model is loaded with context length "
         "of only 4096 tokens, which is not enough.", (4096, 9437, None)),
        ("The decoder prompt (length 9437) is longer than the maximum model length of 8192.", (8192, 9437, None)),
        ("The input (9437 tokens) is longer than the model's context length (8192 tokens).", (8192, 9437, None)),
        ("Range of input length should be [1, 30720]", (30720, None, None)),
        ("Your request exceeded model token limit: 8192 (requested: 12000)", (8192, None, None)),
        ("the request exceeds the available context size. try increasing the context size or enable context shift",
         (None, None, None)),
        ("Error code: context_length_exceeded", (None, None, None)),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", (None, None, 8192)),
        ("max_tokens is too large: 16000. This model supports at most 4096 completion tokens, whereas you provided 16000.",
         (None, None, 4096)),
        ("max_tokens must be less than or equal to 4096", (None, None, 4096)),
        ("max_tokens (16000) exceeds the maximum allowed 8192", (None, None, 8192)),
        ("Range of max_tokens should be [1, 8192]", (None, None, 8192)),
    ],
)  # fmt: skip
def test_lengths_are_read(words, said):
    assert too_long(words) == TooLong(*said)


@pytest.mark.parametrize(
    "words",
    [
        "Unknown parameter: 'max_completion_tokens'.",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "temperature, max_tokens, stream: no",
        "Unsupported value: 'temperature' does not support 0.7 with this model.",
        "System role not supported",
        "Invalid token in the request body",
    ],
)
def test_what_is_about_something_else_is_left(words):
    assert too_long(words) is None
