"""The tables of sentences: every language has every sentence, with the same fields, and each reads as it was meant."""

import re
from importlib import import_module
from string import Formatter

import pytest

from agent.core.languages import LANGUAGES
from agent.core.text import Text, say


def fields(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_with_the_same_fields(language):
    english, table = LANGUAGES["en"].sentences, LANGUAGES[language].sentences
    assert table.keys() == english.keys()
    assert {key: fields(table[key]) for key in table} == {key: fields(english[key]) for key in english}


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_no_sentence_has_more_alternatives_than_its_language_counts_with(language):
    most = 1 + max(map(language.plural, range(200)))
    assert all(len(sentence.split("|")) <= most for sentence in language.sentences.values())


def test_a_count_chooses_among_alternatives():
    assert [say("count.runs", count=count)["en"] for count in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
    assert say("count.runs", count=1)["zh"] == "1 次运行"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_in_two_tables(language):
    tables = import_module(f"agent.core.languages.{language}").TABLES
    assert sum(len(table.SENTENCES) for table in tables) == len(LANGUAGES[language].sentences)


def test_english_is_english_and_chinese_chinese():
    chinese, latin = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]{2,}")
    for key, sentence in LANGUAGES["en"].sentences.items():
        assert not chinese.search(sentence), key
    for key, sentence in LANGUAGES["zh"].sentences.items():
        assert chinese.search(sentence) or not latin.search(re.sub(r"\{.*?\}", "", sentence)), key


def test_a_sentence_is_filled_in_by_each_language():
    assert say("failure.duplicate", twin="a") == Text(
        en="it computes what a computes, number for number", zh="其计算结果与 a 逐数相同"
    )


def test_a_field_may_have_words_of_its_own_in_each_language():
    said = say("failure.duplicate", twin=Text(en="the template", zh="模板"))
    assert said["en"] == "it computes what the template computes, number for number"
    assert said["zh"] == "其计算结果与 模板 逐数相同"


def test_the_words_of_a_language_that_a_text_lacks_are_english():
    stored = Text(en="better")
    assert (stored["en"], stored["zh"], stored.same_in_all) == ("better", "better", True)
    assert stored + Text(en=".", zh="。") == Text(en="better.", zh="better。")


def test_a_text_is_stored_as_languages_and_words():
    from pydantic import TypeAdapter

    stored = '{"en":"better","zh":"更好"}'
    read = TypeAdapter(Text).validate_json(stored)
    assert read == Text(en="better", zh="更好")
    assert TypeAdapter(Text).dump_json(read).decode() == stored
    assert TypeAdapter(Text).validate_json('{"en":"better"}')["zh"] == "better"  # a language came after it
