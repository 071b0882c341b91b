"""Numbers in words: filled in where they are referred to, and checked where they are written out."""

import time

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import TEMPLATE
from agent.core.run import OlderNote, Run
from agent.core.text import Text
from agent.science.claims import figures_of, unknown_references, verified
from agent.science.history import History


def run(name, **scores):
    return Run("20250101_000000", "analysed", sample_proposal(name), "smoke", FINGERPRINT, card=sample_card(**scores))


BASE = run(TEMPLATE, Memorize=0.338, Compress=0.487)
TANH = run("delta_net_4layer_tanh", Memorize=0.8317, Compress=0.45)
OTHER = run("delta_net_4layer_other", Memorize=0.3)
OLD = OlderNote("x", {"old_one": {"Memorize": 0.25, "Compress": 0.35}}, {}, "", ())
FIGURES = figures_of(History((BASE, TANH, OTHER), {}), TANH, BASE, [OLD])


def english(text):
    return verified(Text(text, ""), FIGURES)["en"]


def chinese(text):
    return verified(Text("", text), FIGURES)["zh"]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{score:delta_net_4layer_tanh:Memorize}}", "0.832"),
        ("{{ score: this : memorize }}", "0.832"),
        ("{{score:old_one:average}}", "0.300"),
        ("{{score:best:Memorize}} against {{score:template:Memorize}}", "0.832 against 0.338"),
        ("{{change:this:parent:Compress}}", "-0.037 ± 0.061 (indistinguishable)"),
        ("{{change:this:parent:average}}", "+0.076 ± 0.013 (better)"),
    ],
)
def test_a_reference_is_filled_in(text, filled):
    assert english(text) == filled


def test_a_reference_is_filled_in_alike_in_both_languages():
    assert chinese("变化为 {{change:this:parent:average}}。") == "变化为 +0.076 ± 0.013（更好）。"


def test_a_reference_to_nothing_is_named():
    text = "{{score:nobody:Memorize}} {{change:this:nobody:Memorize}} {{score:this:Sorting}} {{score:this:Memorize}}"
    assert len(unknown_references(text, FIGURES)) == 3
    assert english(text).startswith("[no score of nobody:Memorize] ")


@pytest.mark.parametrize(
    "text",
    [
        "delta_net_4layer_tanh reaches 0.83 on Memorize and 0.450 on Compress.",
        "delta_net_4layer_tanh reaches 0.831 on Memorize.",  # cut off, not rounded
        "Memorize rises from 0.338 to 0.832 in this variant; Compress falls by 0.037.",
        "Memorize is +0.49 over the template, Compress -0.04.",
        "On Memorize, delta_net_4layer_other has 0.30 and old_one 0.25.",
        "The variant's 83.2% on memorize is a gain of 0.494.",
        "Its average of 0.547 is the best.",
        "This variant changes Memorize by +0.494 and Compress by -0.037.",
        "Against the template this variant gains 0.49 on Memorize.",
        "Compared with delta_net_4layer_tanh, delta_net_4layer_other is lower on Memorize, by 0.53.",
        "The template's Memorize differs from this variant's by 0.494.",
        "Of this variant Memorize is 0.8317000.",
        "Neither a rate of 0.001 nor a bound of 0.95 is a score.",
        "Version 1.25.3, chunk 32, 2.5 times, 0.5 of it.",
        "Memorize needs the last token alone; " + "x" * 60 + " 0.77",
    ],
)
def test_what_the_table_says_passes(text):
    assert english(text) == text


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("delta_net_4layer_tanh reaches 0.75 on Memorize.", "0.75 [wrong: the table has 0.832]"),
        ("The template has 0.832 on Memorize.", "0.832 [wrong: the table has 0.338]"),
        ("Memorize is +0.39 over the template.", "+0.39 [wrong: the table has no such difference]"),
        ("Memorize: 0.61!", "0.61 [not checked]"),
        ("old_one has 0.26 on Memorize.", "0.26 [wrong: the table has 0.250]"),
        ("This variant changes Memorize by -0.494.", "-0.494 [wrong: it goes the other way]"),
        ("Its Memorize falls by 0.49 against the template.", "0.49 [wrong: it goes the other way]"),
        ("Memorize improved from 0.832 to 0.338 here.", "0.338 [wrong: it goes the other way]"),
        ("Compared with this variant, the template is +0.49 on Memorize.", "+0.49 [wrong: it goes the other way]"),
        ("this variant and the parent differ on Memorize, +0.494", "+0.494 [not checked]"),
        ("this variant reaches 0.8317001 on Memorize", "0.8317001 [wrong: the table has 0.832]"),
        ("this variant reaches 99.9% on Selective Copy", "99.9% [wrong: the table has 0.500]"),
    ],
)
def test_what_the_table_does_not_say_is_marked(text, mark):
    assert mark in english(text)


def test_chinese_claims_are_checked_too():
    assert chinese("本变体在Memorize上得到83.2%，模板为33.8%。") == "本变体在Memorize上得到83.2%，模板为33.8%。"
    assert "0.75［有误：表中为 0.832］" in chinese("delta_net_4layer_tanh 在 Memorize 上达到0.75。")
    assert "0.61［未核对］" in chinese("Memorize 为 0.61。")
    assert chinese("与模板相比，本变体的 Memorize 提升了0.49。") == "与模板相比，本变体的 Memorize 提升了0.49。"
    assert "0.494［有误：方向相反］" in chinese("本变体的 Memorize 下降 0.494。")
    assert "0.338［有误：方向相反］" in chinese("Memorize 从 0.832 提升到 0.338。")
    assert "0.20［有误：表中没有这一差值］" in chinese("本变体的 Memorize 提升了0.20。")


@pytest.mark.parametrize("words", ["a" * 40_000, "a1" * 20_000, "a_" * 20_000, "{{score:" + " " * 40_000 + "x"])
def test_no_sentence_takes_long_to_check(words):
    began = time.process_time()
    assert english(words) == words
    assert time.process_time() - began < 2
