"""What a worker says of its failure: it runs a variant's code, so it may say anything, and only sense is believed."""

import json
from dataclasses import asdict

import pytest

from agent.core.languages import LANGUAGES
from agent.core.reason import Reason
from agent.evaluator.failure import LONGEST_WORDS, read_reason


def through_the_pipe(reason):
    return read_reason(json.loads(json.dumps(asdict(reason))))


@pytest.mark.parametrize(
    "reason",
    [
        Reason("failure.returned_not_finite"),
        Reason("failure.not_always_a_pair", {"length": 64}),
        Reason("failure.raised_at_line", {"error": "KeyError: 'gate'", "line": 6}),
        Reason.said("MemoryError"),
    ],
)
def test_a_reason_comes_through_the_pipe_as_it_was(reason):
    assert through_the_pipe(reason) == reason


HOSTILE = [
    None,
    7,
    [],
    {},
    {"key": "failure.duplicate"},
    {"key": ["failure.duplicate"], "fields": {}},
    {"key": "failure.duplicate", "fields": []},
    {"key": "failure.duplicate", "fields": {}},
    {"key": "failure.duplicate", "fields": {"twin": "x", "more": "y"}},
    {"key": "failure.duplicate", "fields": {"twin": None}},
    {"key": "failure.duplicate", "fields": {"twin": ["x"]}},
    {"key": "failure.duplicate", "fields": {"twin": True}},
    {"key": "failure.unheard_of", "fields": {"twin": "x"}},
    {"key": "__class__", "fields": {}},
    {"key": "isolation.unheard_of", "fields": {}},
    {"key": "failure.large_file", "fields": {"file": "x", "size": "{0.__class__}", "most": 1}},
    {"key": "failure.large_file", "fields": {"file": "x", "size": 10**100, "most": 1}},
    {"key": "failure.trained_causality", "fields": {"replica": "x", "share": float("nan")}},
    {"key": "failure.trained_causality", "fields": {"replica": "x", "share": float("inf")}},
    {"key": "failure.trained_causality", "fields": {"replica": "x", "share": -float("inf")}},
]


@pytest.mark.parametrize("said", HOSTILE, ids=repr)
def test_what_is_no_reason_of_ours_is_garbled(said):
    reason = read_reason(said)
    assert reason.key == "failure.garbled"
    assert all(reason.text[language] for language in LANGUAGES)


@pytest.mark.parametrize(
    "said",
    ["\x1b[2J\u202e" + "x" * 10_000, {"key": "failure.duplicate", "fields": {"twin": "\x1b[2J\u202e" + "x" * 10_000}}],
)
def test_words_are_short_and_steer_no_terminal(said):
    told = str(read_reason(said))
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert len(told) < LONGEST_WORDS + 50


def test_braces_are_words_like_any_others():
    reason = read_reason({"key": "failure.duplicate", "fields": {"twin": "{twin.__class__}"}})
    assert str(reason) == "it computes what {twin.__class__} computes, number for number"
