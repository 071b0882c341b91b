"""Bits per byte on a card: means over seeds, their spread, what longer windows give, and older cards without any."""

from dataclasses import replace

import pytest
from pydantic import TypeAdapter
from sample_cards import sample_card
from sample_text import sample_text

from agent.core.score import ScoreCard

SCORE = sample_text()


def test_the_bits_of_a_card_are_means_over_its_seeds():
    assert (SCORE.bits_all, SCORE.bits_recalled, SCORE.bits_other) == pytest.approx((2.1, 1.2, 2.5))
    first, second = SCORE.by_position
    assert (first.first, first.stop, first.bits.recalled) == (0, 4, None)
    assert first.bits.all == pytest.approx(3.1)
    assert second.bits.recalled == pytest.approx(1.2)
    assert SCORE.spread("recalled") == pytest.approx(0.2)
    assert SCORE.spread("other") == 0.0


def test_longer_windows_are_told_by_how_many_times_as_long_they_are():
    assert list(SCORE.longer) == [4]
    assert SCORE.longer[4].bits.all == pytest.approx(1.6)
    assert SCORE.at(4) == SCORE.longer[4]
    with pytest.raises(KeyError):
        SCORE.at(2)


def test_one_seed_shows_no_spread():
    alone = sample_text(SCORE.seeds[0])
    assert alone.spread("all") is None
    assert alone.seeds[0].bits("recalled") == 1.0
    assert alone.seeds[0].bits("recalled", times=2) is None


def test_a_card_keeps_its_text_and_an_older_card_has_none():
    kind = TypeAdapter(ScoreCard)
    older = kind.dump_python(sample_card(Compress=0.5), mode="json")
    assert older.pop("text") is None
    assert kind.validate_python(older).text is None
    card = replace(sample_card(), text=SCORE)
    assert kind.validate_json(kind.dump_json(card)).text == SCORE
