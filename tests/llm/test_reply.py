"""The parts of a reply, and whether each is in its language."""

import time

import pytest

from agent.llm.reply import gaps, read_parts, speaks, texts


@pytest.mark.parametrize(
    ("reply", "tagged", "rest"),
    [
        ("a<x>one</x>b<y>two\nlines</y>c", {"x": "one", "y": "two\nlines"}, "abc"),
        ("<x>open<y>closed</y>", {"x": "open", "y": "closed"}, ""),
        ("<X>large</X>", {"x": "large"}, ""),
        ("<x>open\n```python\ncode", {"x": "open"}, "```python\ncode"),
        ("<x> </x><z>unknown</z>", {}, "<z>unknown</z>"),
        ("<x>first</x><x>second</x>", {"x": "second"}, ""),
        ("<x>a < b and <b>bold</b></x>", {"x": "a < b and <b>bold</b>"}, ""),
        ("<x>one</x><code>\na = 1\n</code>", {"x": "one"}, "<code>\na = 1\n</code>"),
        ("<x>the value <code>o</code> and <z>z</z></x>b", {"x": "the value <code>o</code> and <z>z</z>"}, "b"),
        ("< X >large</ x >", {"x": "large"}, ""),
        ("as asked, in <x> and <y>:\n<x>one</x> <y>two</y>", {"x": "one", "y": "two"}, "as asked, in <x> and <y>:\n "),
        ("<x>one</x>\nNote that <x> is closed.", {"x": "one"}, "\nNote that <x> is closed."),
        ("<x>one</x> <y>open\n  ```python\ncode", {"x": "one", "y": "open"}, "   ```python\ncode"),
        ("<x>open\n<<<<<<< SEARCH\na", {"x": "open"}, "<<<<<<< SEARCH\na"),
        ("<x>open\n> ```\n> a", {"x": "open"}, "> ```\n> a"),
        ("> <x>quoted</x>\n> <y>open", {"x": "quoted", "y": "open"}, "> \n> "),
        ("<x>closed</x>\n<x>open", {"x": "open"}, "\n"),
        (
            '{"x": "one", "y": ["a", "b"], "z": 1}',
            {"x": "one", "y": "• a\n• b"},
            '{"x": "one", "y": ["a", "b"], "z": 1}',
        ),
        ('```json\n{"x": {"a": 0.5}}\n```', {"x": "a: 0.5"}, '```json\n{"x": {"a": 0.5}}\n```'),
        ('{"x": "torn', {}, '{"x": "torn'),
        (r'{"x": "a \ud800 b \ud83d\ude00"}', {"x": "a \ufffd b 😀"}, r'{"x": "a \ud800 b \ud83d\ude00"}'),
        (r'{"x": ["a", {"\ud800": "\udc00"}]}', {"x": "• a\n• \ufffd: \ufffd"}, r'{"x": ["a", {"\ud800": "\udc00"}]}'),
    ],
)
def test_parts_are_read(reply, tagged, rest):
    parts = read_parts(reply, ["x", "y"])
    assert (parts.tagged, parts.rest) == (tagged, rest)


@pytest.mark.parametrize("depth", [300, 600, 900, 5000])
def test_json_that_is_nested_too_deeply_is_none(depth):
    lists = f'{{"x": {"[" * depth}{"]" * depth}}}'
    assert read_parts(lists, ["x"]).tagged.keys() <= {"x"}


@pytest.mark.parametrize(
    "reply",
    [
        "x <" + " " * 40_000 + "y",
        "</" + "\n" * 40_000 + "x>",
        "<" * 40_000,
        "<x>" * 13_000,
        "a <x> b " * 5000,
        "```\n{\n" * 7000,
        "哈" * 40_000,
        "_" * 40_000,
        "{{" * 20_000,
        "`" * 40_001,
    ],
    ids=lambda reply: repr(reply[:20]),
)
def test_no_reply_takes_long_to_read(reply):
    began = time.process_time()
    read_parts(reply, ["x", "y"])
    speaks(reply, "zh")
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("text", "tongue", "does"),
    [
        ("• The error is unbounded.", "en", True),
        ("• 误差没有界。", "en", False),
        ("The heading 实验结果的关键观察 is quoted.", "en", False),
        ("• 误差没有界。", "zh", True),
        ("• delta_net_4layer 在 Memorize 上的 softmax 有效", "zh", True),
        ("{{score:this:Memorize}} 较高", "zh", True),
        ("`a whole line of code` 较高", "zh", True),
        ("a_long_name, another_one 较高", "zh", True),
        ("It is unbounded, 是的.", "zh", False),
        ("", "zh", False),
    ],
)
def test_a_language_is_told_from_the_other(text, tongue, does):
    assert speaks(text, tongue) is does


def test_gaps_are_named_and_said_where_they_stay():
    tagged = {"outcome_en": "Well.", "outcome_zh": "Well.", "lessons_zh": "很好。"}
    assert gaps(tagged, ["outcome", "lessons"]) == [
        "the part <outcome_zh> is not in Chinese: write it in Chinese",
        "the part <lessons_en> is missing: write it in English",
    ]
    said = texts(tagged, ["outcome", "lessons"])
    assert (said["outcome"]["en"], said["outcome"]["zh"]) == ("Well.", "（模型未提供中文内容。）")
    assert said["lessons"]["en"] == "(The model wrote nothing in English here.)"
