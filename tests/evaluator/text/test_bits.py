"""Which bytes are recalled, and what a test gives in bits, apart and by position."""

import math

import pytest
import torch

from agent.evaluator.text.bits import text_test
from agent.evaluator.text.recalled import ORDER, recalled


def window(text):
    return torch.tensor([list(text)], dtype=torch.uint8)


def literal(text):
    """As the words say it: the last time that the eight bytes before stood in the window, this byte followed."""
    found = []
    for place in range(1, len(text)):
        before, earlier = text[max(0, place - ORDER) : place], None
        if len(before) == ORDER:
            starts = [at for at in range(place - ORDER) if text[at : at + ORDER] == before]
            earlier = text[starts[-1] + ORDER] if starts else None
        found.append(earlier == text[place])
    return found


def test_a_byte_is_recalled_if_its_eight_predecessors_were_followed_by_it_before():
    text = b"abcdefghi abcdefghi abcdefghX"
    told = "".join("x" if each else "." for each in recalled(window(text))[0])
    #      bcdefghi abcdefghi abcdefghX
    assert told == ".................xxxxxxxxxx."
    assert recalled(window(text))[0].tolist() == literal(text)


def test_recalled_bytes_are_those_that_the_words_mean():
    chance = torch.Generator().manual_seed(1)
    for _ in range(20):
        text = bytes((torch.randint(2, (60,), generator=chance) + 97).tolist())
        assert recalled(window(text))[0].tolist() == literal(text)


def test_bits_are_means_over_all_over_recalled_and_over_other_bytes():
    losses = torch.tensor([[1.0, 2.0, 3.0, 4.0]]) * math.log(2)
    test = text_test(4, losses, torch.tensor([[False, True, True, False]]))
    assert test.times == 4
    assert (test.bits.all, test.bits.recalled, test.bits.other) == pytest.approx((2.5, 2.5, 2.5))
    assert test.bits.recalled_share == 0.5
    none = text_test(1, losses, torch.zeros(1, 4, dtype=torch.bool))
    assert (none.bits.recalled, none.bits.other) == (None, pytest.approx(2.5))


def test_positions_are_told_in_ranges_each_as_long_as_all_before():
    losses = torch.arange(100.0).repeat(3, 1) * math.log(2)
    test = text_test(1, losses, torch.zeros(3, 100, dtype=torch.bool))
    assert [(each.first, each.stop) for each in test.by_position] == [(0, 16), (16, 32), (32, 64), (64, 100)]
    assert [each.bits.all for each in test.by_position] == pytest.approx([7.5, 23.5, 47.5, 81.5])
