"""Scores of language models made up for tests."""

from agent.core.text_score import Bits, Corpus, PositionBits, TextScore, TextSeed, TextTest

CORPUS = Corpus("the Python sources of torch 2", "0123456789ab", 3, 3000, 150)


def sample_text_seed(seed=0, every=2.0, recalled=1.0, other=2.5, longer=1.5):
    """A seed that is tested at its length, 8, and at four times that; the first half of a window recalls nothing."""

    def halves(length, bits):
        first = Bits(bits.all + 1, None, bits.all + 1, 0.0)
        return PositionBits(0, length // 2, first), PositionBits(length // 2, length, bits)

    home, far = Bits(every, recalled, other, 0.25), Bits(longer, longer, longer, 0.5)
    return TextSeed(seed, 2e-3, (TextTest(1, home, halves(8, home)), TextTest(4, far, halves(32, far))))


def sample_text(*seeds, corpus=CORPUS, tokens_a_second=1000.0):
    usual = sample_text_seed(0), sample_text_seed(1, 2.2, 1.4, 2.5, 1.7)
    return TextScore(corpus, 8, tokens_a_second, seeds or usual)
