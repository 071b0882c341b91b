"""What a model says, told from what it thinks aloud."""

# ruff: noqa: E501 (words of others as they are)

import time

import pytest

from agent.llm.answers import reply_of
from agent.llm.completion import Completion
from agent.llm.thoughts import without_thoughts

ANSWER = "<name>x</name>\n```python\nx = 1\n```"


@pytest.mark.parametrize(
    "text",
    [
        f"<think>\nHm.\n</think>\n\n{ANSWER}",
        f"<thinking>Hm.</thinking>{ANSWER}",
        f"<THINK>Hm.</THINK>{ANSWER}",
        f"<thought>Hm.</thought>\n{ANSWER}",
        f"<reasoning>Hm.</reasoning>\n{ANSWER}",
        f"<seed:think>Hm.</seed:think>{ANSWER}",
        f"[THINK]Hm.[/THINK]{ANSWER}",
        f"◁think▷Hm.◁/think▷{ANSWER}",
        f"<|begin_of_thought|>Hm.<|end_of_thought|>{ANSWER}",
        f"\n\n  <think>Hm.</think>{ANSWER}",
        f"\ufeff<think>Hm.</think>{ANSWER}",
        f"<think>```python\nx = 2\n```\n</think>\n{ANSWER}",
        f"<think>Hm.</think><think>Well.</think>{ANSWER}",
        f"<think></think>{ANSWER}",
        f"Hm.\n</think>\n\n{ANSWER}",  # the chat template had opened it
        f"Hm.</think>{ANSWER}",
        f"Hm. I close with </think> now.\n</think>\n{ANSWER}",
        f"<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>{ANSWER}",
        f"<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final <|constrain|>x<|message|>{ANSWER}<|return|>",
        f"analysisHm. So.assistantfinal{ANSWER}",
        f"{ANSWER}<|im_end|>",
        f"{ANSWER}\n</s>",
        f"<think>Hm.</think>\n{ANSWER}<｜end▁of▁sentence｜>",
    ],
)  # fmt: skip
def test_thoughts_are_taken_away(text):
    assert without_thoughts(text).text == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        f"{ANSWER}\nNote: I left out my </think> block.",
        f"{ANSWER}\nI did not use `<think>` here.",
        f"I found this in <think> mode.\n{ANSWER}",
        f'The tag "</think>" is not needed.\n{ANSWER}',
        f"It thinks.\n{ANSWER}",
        f"{ANSWER}\n</think>",
        "a < b and b > c",
    ],
)
def test_a_tag_that_is_only_mentioned_takes_nothing_away(text):
    assert without_thoughts(text).text == text


@pytest.mark.parametrize("opening", ["<think>", "<thinking>\n", "[THINK]", "<|channel|>analysis<|message|>"])
def test_thoughts_that_are_never_closed_are_kept_and_told(opening):
    spoken = without_thoughts(f"{opening}Hm.\n{ANSWER}")
    assert (spoken.text, spoken.unclosed) == (f"Hm.\n{ANSWER}", True)


def completion(text, thoughts="", finish="stop"):
    made = Completion(finish)
    made.add({"choices": [{"message": {"content": text, "reasoning_content": thoughts}}]})
    return made


def test_an_answer_among_the_thoughts_is_taken_where_nothing_else_is_said():
    assert reply_of(completion("", ANSWER)).text == ANSWER
    assert reply_of(completion(f"<think>{ANSWER}</think>")).text == ANSWER
    assert reply_of(completion("Yes.", ANSWER)).text == "Yes."
    assert reply_of(completion("Yes.", ANSWER)).thoughts == ANSWER
    only_thoughts = reply_of(completion("", "Hm. Hm."))
    assert (only_thoughts.text, only_thoughts.problem) == ("", "")  # it is asked for again


def test_line_ends_of_other_systems_are_line_ends():
    assert reply_of(completion("a\r\nb\rc")).text == "a\nb\nc"


@pytest.mark.parametrize(
    "text",
    [
        "x" + "\n" * 40_000 + "y",
        "x" + "</s>" * 10_000,
        "x" + "\n</s>" * 8000 + "y",
        "<think>a</think>\n" * 2500,
        "<think>\n" * 5000,
        "</think>\n" * 5000,
        "<|channel|>final " * 2500,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_no_text_takes_long_to_take_apart(text):
    began = time.process_time()
    without_thoughts(text)
    assert time.process_time() - began < 1
