"""How many bits per byte a language model around a variant saves against the template's, in pairs of seeds.

A mixer without any memory may save bits after a short training, since it learns faster. So what is saved on recalled
bytes, which a memory alone can give (agent/core/text_score.py), is always told beside what is saved on all.
"""

from dataclasses import dataclass
from typing import Literal

from agent.core.score import ScoreCard
from agent.core.text_score import Kind, TextScore
from agent.science.comparison import Comparison, from_zero
from agent.science.pairs import paired_gap

LEAST_STD = 0.001  # bits: what a test of some hundred thousand bytes cannot tell

Bits = Literal["fewer", "more", "same"]


@dataclass(frozen=True)
class TextGain:
    """Bits per byte of a variant and the template, and the differences; those of recalled bytes may be missing."""

    mine: float
    theirs: float
    every: Comparison
    recalled: Comparison | None

    @property
    def bits(self) -> Bits:
        """Whether it needs fewer bits for all bytes."""
        return went(self.every)

    @property
    def bits_recalled(self) -> Bits:
        """The same for recalled bytes; "same" where there are none."""
        return went(self.recalled) if self.recalled else "same"


def went(found: Comparison) -> Bits:
    """Which way a difference of bits goes, where that can be told."""
    if not found.told_apart:
        return "same"
    return "more" if found.difference > 0 else "fewer"


def text_gain(card: ScoreCard, template: ScoreCard) -> TextGain | None:
    """What a card saves; None where one has no text score, or of another protocol, corpus or other seeds."""
    if card is template or card.fingerprint != template.fingerprint or card.text is None or template.text is None:
        return None
    if card.text.corpus.digest != template.text.corpus.digest:
        return None
    every = _gain(card.text, template.text, "all")
    if every is None:
        return None
    return TextGain(card.text.bits_all, template.text.bits_all, every, _gain(card.text, template.text, "recalled"))


def _gain(mine: TextScore, theirs: TextScore, kind: Kind) -> Comparison | None:
    values = [
        {seed.seed: bits for seed in score.seeds if (bits := seed.bits(kind)) is not None} for score in (mine, theirs)
    ]
    if not values[0] or not values[1]:
        return None
    found = paired_gap({kind: values[0]}, {kind: values[1]}, {}, LEAST_STD)
    return from_zero(found) if found else None
