"""What a mixer reaches as a language model on bytes: frozen facts, without input or output.

A byte is *recalled* if the eight bytes before it stood earlier in the same window and were followed by this byte: what
a memory of the window can give, and what associative recall stands for (Zoology, arXiv 2312.04927). All others are told
apart from it, since a mean over both hides which of the two a mixer is better at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

Kind = Literal["all", "recalled", "other"]
KINDS: tuple[Kind, ...] = ("all", "recalled", "other")


@dataclass(frozen=True)
class Corpus:
    """The text that was trained on and tested on. Two scores can be compared if their digests are the same."""

    name: str  # "the Python sources of torch 2.13.0", or the path that you gave
    digest: str  # twelve hexadecimal digits of the names and contents of all files
    files: int
    size: int  # bytes
    held_out: int  # bytes of them that the test is taken from, and that no training sees


@dataclass(frozen=True)
class Bits:
    """Mean bits per byte of all bytes of a test, of the recalled ones, and of the others. None where there are none."""

    all: float
    recalled: float | None
    other: float | None
    recalled_share: float  # how many of the bytes are recalled ones, as a fraction

    def of(self, kind: Kind) -> float | None:
        found: float | None = getattr(self, kind)
        return found


def mean_of_bits(each: Sequence[Bits]) -> Bits:
    """Over seeds, which all have the same test."""

    def over(kind: Kind) -> float | None:
        found = [number for bits in each if (number := bits.of(kind)) is not None]
        return fmean(found) if found else None

    return Bits(fmean(bits.all for bits in each), over("recalled"), over("other"), each[0].recalled_share)


@dataclass(frozen=True)
class PositionBits:
    """The bits of the bytes that are predicted at the positions [first, stop) of a window."""

    first: int
    stop: int
    bits: Bits


@dataclass(frozen=True)
class TextTest:
    """One test of one seed: on windows of so many `times` the trained length."""

    times: int
    bits: Bits
    by_position: tuple[PositionBits, ...]


@dataclass(frozen=True)
class TextSeed:
    """What one seed reached, by the rate that its validation chose. `tests` are by rising length, the trained first."""

    seed: int
    learning_rate: float
    tests: tuple[TextTest, ...]

    def bits(self, kind: Kind, times: int = 1) -> float | None:
        return next((test.bits.of(kind) for test in self.tests if test.times == times), None)


@dataclass(frozen=True)
class TextScore:
    """Bits per byte of a language model around a mixer; smaller is better. All means are over the seeds.

    `length` is that of the windows, in bytes; `tokens_a_second` is of a training as a whole, its validations included,
    on one core or GPU, by this program's own clock.
    """

    corpus: Corpus
    length: int
    tokens_a_second: float
    seeds: tuple[TextSeed, ...]

    @property
    def bits_all(self) -> float:
        return self.at(1).bits.all

    @property
    def bits_recalled(self) -> float | None:
        return self.at(1).bits.recalled

    @property
    def bits_other(self) -> float | None:
        return self.at(1).bits.other

    @property
    def by_position(self) -> tuple[PositionBits, ...]:
        return self.at(1).by_position

    @property
    def longer(self) -> dict[int, TextTest]:
        """Times the trained length -> what the same weights reach there."""
        return {test.times: self.at(test.times) for test in self.seeds[0].tests if test.times > 1}

    def at(self, times: int) -> TextTest:
        """The mean over the seeds, by windows of so many times the length. KeyError where that was not tested."""
        tests = [test for seed in self.seeds for test in seed.tests if test.times == times]
        if not tests:
            raise KeyError(times)
        places = zip(*(test.by_position for test in tests), strict=True)
        return TextTest(
            times,
            mean_of_bits([test.bits for test in tests]),
            tuple(PositionBits(of[0].first, of[0].stop, mean_of_bits([each.bits for each in of])) for of in places),
        )

    def spread(self, kind: Kind, times: int = 1) -> float | None:
        """The standard error of a mean that the seeds show; None where there is one seed, or no such byte."""
        found = [bits for seed in self.seeds if (bits := seed.bits(kind, times)) is not None]
        return stdev(found) / len(found) ** 0.5 if len(found) > 1 else None
