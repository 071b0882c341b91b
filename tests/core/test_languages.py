"""The tables of sentences: every language has every sentence, with the same fields, and each reads as it was meant."""

from string import Formatter

import pytest

from agent.core.languages import LANGUAGES
from agent.core.text import Text, say


def fields(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_with_the_same_fields(language):
    english, table = LANGUAGES["en"], LANGUAGES[language]
    assert table.keys() == english.keys()
    assert {key: fields(table[key]) for key in table} == {key: fields(english[key]) for key in english}


def test_a_sentence_is_filled_in_by_each_language():
    assert say("failure.duplicate", twin="a") == Text(
        "it computes what a computes, number for number", "其计算结果与 a 逐数相同"
    )


def test_a_field_may_have_words_of_its_own_in_each_language():
    said = say("failure.duplicate", twin=Text("the template", "模板"))
    assert said["en"] == "it computes what the template computes, number for number"
    assert said["zh"] == "其计算结果与 模板 逐数相同"
