"""What a verification is told to have shown: only beside the template, and nothing of a mixer without memory."""

from dataclasses import replace

from sample_text import CORPUS, sample_text, sample_text_seed
from verified_cards import (
    FORGETS,
    NO_MEMORY,
    NO_PAIRS,
    TEMPLATE_PAIRS,
    of_other_draws,
    verified_card,
    verified_history,
)

from agent.core.languages import LANGUAGES
from agent.core.score import Verification
from agent.core.text import ENGLISH
from agent.science.text_gain import text_gain
from agent.science.verification import verdict_of
from agent.science.verification_words import verified


def said(history, name):
    return verified(history, history.find(name))


def test_a_verdict_in_words_and_numbers_in_every_language():
    history = verified_history(good=verified_card(pairs={**TEMPLATE_PAIRS, 32: 0.97}))
    words = said(history, "good")[ENGLISH]
    assert words.startswith("holds at 2 times its length (0.97")
    assert "more pairs per byte: 1." in words
    assert words.count("95%:") == 2
    assert all(said(history, "good")[code] for code in LANGUAGES)
    assert said(history, "good")["zh"].startswith("在 2 倍长度上保持")


def test_a_control_is_never_told_to_hold_or_to_gain():
    history = verified_history(
        control_value_only=verified_card(NO_MEMORY, NO_PAIRS, state=4),
        control_last_four_tokens=verified_card(NO_MEMORY, NO_PAIRS, state=1548, own=0.3),
    )
    for name in ("control_value_only", "control_last_four_tokens"):
        verdict = verdict_of(history, history.find(name))
        assert {each.holding for each in verdict.lengths} <= {"lost", "unclear"}
        assert verdict.capacity.per_byte == "none"
        words = said(history, name)[ENGLISH]
        assert not words.startswith("holds")
        assert "it holds not even 4 pairs" in words


def test_without_the_template_on_the_same_seeds_there_is_no_verdict():
    for template in (None, verified_card(seeds=range(300, 304)), of_other_draws(verified_card())):
        history = verified_history(delta_net_4layer=template, good=verified_card())
        found = verdict_of(history, history.find("good"))
        assert found is None or (found.lengths, found.capacity) == ((), None)
        words = said(history, "good")
        assert "no verdict" in words[ENGLISH]
        assert "不作判定" in words["zh"]
        assert "0." not in words[ENGLISH]


def test_the_template_and_what_was_not_verified_have_no_words():
    history = verified_history(idle=None, lost=verified_card(FORGETS))
    assert said(history, "idle") is None
    assert said(history, "delta_net_4layer") is None
    assert said(history, "lost")[ENGLISH].startswith("does not hold at 2 times its length")


def on_text(text, own=None):
    card = replace(verified_card(), protocol="text-small", fingerprint="text", tasks={}, further={}, text=text)
    return replace(card, text=own) if own else card


def shifted(by, recalled):
    """The usual scores on text, lower by so much on all bytes and on recalled ones."""
    return sample_text(
        sample_text_seed(0, 2.0 - by, 1.0 - recalled), sample_text_seed(1, 2.2 - by - 0.001, 1.4 - recalled - 0.001)
    )


def test_bits_per_byte_are_told_beside_those_of_recalled_bytes():
    template = on_text(sample_text())
    gain = text_gain(on_text(shifted(0.1, 0.0)), template)
    assert (gain.bits, gain.bits_recalled) == ("fewer", "same")
    assert text_gain(on_text(shifted(-0.1, 0.1)), template).bits == "more"
    assert text_gain(on_text(sample_text()), template).bits == "same"
    other = sample_text(corpus=replace(CORPUS, digest="another one!"))
    assert text_gain(on_text(other), template) is None
    assert text_gain(verified_card(), template) is None

    history = verified_history(good=verified_card())
    shown = {
        key: Verification((*found.cards, on_text(shifted(0.1 * number, 0.0))))
        for number, (key, found) in enumerate(history.verifications.items())
    }
    words = said(replace(history, verifications=shown), "good")[ENGLISH]
    assert "; fewer bits per byte: 2.0" in words
    assert "not fewer on recalled bytes that could be told" in words
