"""Sentences as models write them, the same in both languages: the true ones pass, and the false ones are marked."""

import pytest
from sample_cards import FINGERPRINT, sample_card, sample_proposal

from agent.core.baselines import TEMPLATE
from agent.core.run import Run
from agent.core.text import Text
from agent.science.claims import figures_of, verified
from agent.science.history import History


def run(name, number, **scores):
    card = sample_card(**scores)
    return Run(f"20250101_00000{number}", "analysed", sample_proposal(name), "smoke", FINGERPRINT, card=card)


# this lies 0.379 above the parent on Memorize, and 0.669 above the template; on Compress 0.072 and 0.078, and on
# Fuzzy Recall 0.012 below the parent, which is noise.
BASE = run(TEMPLATE, 0, Memorize=0.296, Compress=0.487, Fuzzy_Recall=0.328)
PARENT = run("gated_delta_net_4layer", 1, Memorize=0.586, Compress=0.493, Fuzzy_Recall=0.290)
THIS = run("delta_net_4layer_trace", 2, Memorize=0.965, Compress=0.565, Fuzzy_Recall=0.278)
FIGURES = figures_of(History((BASE, PARENT, THIS), {}), THIS, PARENT, [])

TRUE = [
    ("The gain on Memorize is 0.379 against the parent.", "与父变体相比，Memorize 的增益为 0.379。"),
    ("The gain on Memorize against the template is 0.669.", "相对模板，Memorize 的收益为 0.669。"),
    ("Compress 0.565 (parent 0.493).", "Compress 0.565（父变体 0.493）。"),
    ("Memorize 0.965 (template 0.296).", "Memorize 0.965（模板 0.296）。"),
    ("On Fuzzy Recall the parent is 0.038 lower than the template.", "在 Fuzzy Recall 上父变体比模板低 0.038。"),
    ("Compress is 0.072 higher than the parent's.", "Compress 比父变体高 0.072。"),
    ("Fuzzy Recall has a standard error of 0.077.", "Fuzzy Recall 的标准误为 0.077。"),
    ("Memorize was trained at a learning rate of 0.002.", "Memorize 的学习率为 0.002。"),
    ("Memorize keeps a decay of 0.95 a token.", "Memorize 的衰减率为 0.95。"),
    ("Compress has noise of 0.014.", "Compress 的噪声为 0.014。"),
    ("This variant is clearly better than the parent on Memorize.", "本变体在 Memorize 上明显优于父变体。"),
    ("The parent is clearly worse than this variant on Memorize.", "父变体在 Memorize 上明显差于本变体。"),
    (
        "This variant is not clearly better than the parent on Fuzzy Recall.",
        "本变体在 Fuzzy Recall 上并不明显优于父变体。",
    ),
    ("The template is below the parent on Memorize.", "模板在 Memorize 上低于父变体。"),
    ("Memorize rises from 0.586 to 0.965.", "Memorize 从 0.586 上升到 0.965。"),
    ("Fuzzy Recall falls by 0.012 against the parent.", "与父变体相比，Fuzzy Recall 下降 0.012。"),
    (
        "The gate costs the parent 0.038 on Fuzzy Recall against the template.",
        "门控使父变体的 Fuzzy Recall 相对模板损失 0.038。",
    ),
    ("The margin on Compress over the template is 0.078.", "Compress 与模板的差距为 0.078。"),
]
FALSE = [
    ("The gain on Memorize is 0.279 against the parent.", "与父变体相比，Memorize 的增益为 0.279。"),
    ("This variant has 0.865 on Memorize.", "本变体在 Memorize 上为 0.865。"),
    ("The parent has 0.565 on Compress.", "父变体在 Compress 上为 0.565。"),
    ("Memorize 0.865 (template 0.296).", "Memorize 0.865（模板 0.296）。"),
    ("On Fuzzy Recall the parent is 0.038 higher than the template.", "在 Fuzzy Recall 上父变体比模板高 0.038。"),
    ("Compress is 0.072 lower than the parent's.", "Compress 比父变体低 0.072。"),
    ("Memorize falls by 0.379 against the parent.", "与父变体相比，Memorize 下降 0.379。"),
    ("Memorize falls from 0.586 to 0.965.", "Memorize 从 0.586 下降到 0.965。"),
    ("Fuzzy Recall rises by 0.012 against the parent.", "与父变体相比，Fuzzy Recall 上升 0.012。"),
    ("This variant is clearly better than the parent on Fuzzy Recall.", "本变体在 Fuzzy Recall 上明显优于父变体。"),
    ("The parent is clearly worse than the template on Fuzzy Recall.", "父变体在 Fuzzy Recall 上明显差于模板。"),
    ("The parent is significantly better than the template on Compress.", "父变体在 Compress 上显著优于模板。"),
    ("The template is clearly better than this variant on Memorize.", "模板在 Memorize 上明显优于本变体。"),
    ("This variant is lower than the parent on Memorize.", "本变体在 Memorize 上低于父变体。"),
    ("The parent is worse than the template on Memorize.", "父变体在 Memorize 上差于模板。"),
    ("The template reaches 0.400 on Fuzzy Recall.", "模板在 Fuzzy Recall 上达到 0.400。"),
    ("The margin on Compress over the template is 0.178.", "Compress 与模板的差距为 0.178。"),
]


def test_the_score_of_who_is_meant_is_told():
    assert checked("Memorize 0.865 (template 0.296).", "en") == (
        "Memorize 0.865 [wrong: the table has 0.965] (template 0.296)."
    )


def checked(sentence, language):
    return verified(Text(**{language: sentence}), FIGURES).words[language]


@pytest.mark.parametrize("language", [0, 1], ids=["en", "zh"])
@pytest.mark.parametrize("sentences", TRUE, ids=lambda sentences: sentences[0][:40])
def test_what_is_true_passes(sentences, language):
    assert checked(sentences[language], ("en", "zh")[language]) == sentences[language]


@pytest.mark.parametrize("language", [0, 1], ids=["en", "zh"])
@pytest.mark.parametrize("sentences", FALSE, ids=lambda sentences: sentences[0][:40])
def test_what_is_false_is_marked(sentences, language):
    said = checked(sentences[language], ("en", "zh")[language])
    assert ("[wrong", "［有误")[language] in said
