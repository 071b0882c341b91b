"""Reasons: every key has its sentence and its use, and what is kept or comes from elsewhere is read without a crash."""

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

import agent
from agent.core.failure import Failure
from agent.core.languages import LANGUAGES
from agent.core.reason import SAID, Reason, fields_of

ROOMS = ("failure.", "isolation.", "stopped.")
PACKAGE = Path(agent.__file__).parent
SOURCES = [path for path in PACKAGE.rglob("*.py") if "languages" not in path.relative_to(PACKAGE).parts]
KEPT = TypeAdapter(Failure)


def strings(tree: ast.AST) -> Iterator[str]:
    """The strings of a file that are keys of reasons, as far as they are written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and str(node.value).startswith(ROOMS) and node.value not in ROOMS:
            yield node.value


def test_every_key_has_its_use_and_every_use_its_sentence():
    used = {key for path in SOURCES for key in strings(ast.parse(path.read_text(encoding="utf-8")))}
    known = {key for key in LANGUAGES["en"].sentences if key.startswith(ROOMS)}
    assert used - known == set(), "keys without a sentence in agent/core/languages"
    assert known - used == set(), "sentences that nothing says"


def test_what_is_written_out_has_the_fields_of_its_sentence():
    """Where a key and its fields stand in one call. The gate adds `file` and `line`, which it knows, at its end."""
    found = 0
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Reason"), args=[ast.Constant(value=str(key)), ast.Dict(keys=keys)]) if (
                    all(isinstance(name, ast.Constant) for name in keys)
                ):
                    fields = {name.value for name in keys}
                    missing = fields_of(key) - fields
                    assert fields <= fields_of(key), f"{path}: {key}"
                    assert missing <= ({"file", "line"} if path.parent.name == "contract" else set()), f"{path}: {key}"
                    found += 1
                case ast.Call(func=ast.Name(id="Reason"), args=[ast.Constant(value=str(key))]):
                    assert fields_of(key) <= ({"file", "line"} if path.parent.name == "contract" else set()), (
                        f"{path}: {key}"
                    )
                    found += 1
    assert found > 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_told_in_every_language(language):
    reason = Reason("failure.large_file", {"file": "naive.py", "size": 1234567, "most": 100000})
    assert "1,234,567" in reason.text[language]
    assert "{" not in reason.text[language]


def test_what_somebody_else_said_is_the_same_in_every_language():
    reason = Reason.said("KeyError: {gate}")
    assert {reason.text[language] for language in LANGUAGES} == {"KeyError: {gate}"} == {str(reason)}


@pytest.mark.parametrize(
    "reason",
    [
        Reason("failure.duplicate", {"twin": "delta_net_4layer"}),
        Reason("failure.trained_causality", {"replica": "Memorize", "share": 0.25}),
        Reason.said("太慢"),
    ],
)
def test_a_failure_is_kept_whole(reason):
    failure = Failure("refused", reason, "log")
    assert KEPT.validate_json(KEPT.dump_json(failure)) == failure
    assert pickle.loads(pickle.dumps(failure)) == failure


def test_a_reason_of_an_earlier_version_is_read_as_what_was_said():
    failure = KEPT.validate_json('{"kind": "crash", "reason": "it computes nothing", "log_tail": "x"}')
    assert failure == Failure("crash", Reason.said("it computes nothing"), "x")


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("failure.of_tomorrow", '{"share": 0.5, "file": "naive.py"}'),
        ("failure.duplicate", '{"another": "field"}'),
        ("failure.large_file", '{"file": "naive.py", "size": "large", "most": 100000}'),
    ],
)
def test_a_reason_of_a_newer_version_shows_what_it_holds(key, fields):
    failure = KEPT.validate_json(f'{{"kind": "crash", "reason": {{"key": "{key}", "fields": {fields}, "more": 1}}}}')
    assert str(failure.reason) == f"{key} {fields}"
    assert failure.reason.key != SAID


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_no_field(number):
    with pytest.raises(ValueError, match="give it as a string"):
        Reason("failure.trained_causality", {"replica": "Memorize", "share": number})
