"""One difficulty setting of one MAD task (Poli et al. 2024, arXiv 2403.17844)."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.core.score import TASKS


@dataclass(frozen=True)
class Setting:
    """What makes one setting of a task harder or easier than another. Nonsense is refused with a ValueError."""

    task: str  # one of TASKS, the column names of the table
    vocab: int  # all special tokens included
    length: int  # of the sequence that a task draws; the network may see one token less, see `input_length`
    train_examples: int
    noise: float = 0.0  # Noisy Recall: how likely a pair is noise
    noise_vocab: int = 0  # Noisy Recall: how many tokens of `vocab` are noise (16 in MAD)
    copies: int = 0  # Selective Copy: how many tokens to copy
    motif: int = 1  # Fuzzy Recall: the longest motif (3 in MAD)

    def __post_init__(self) -> None:
        complaints = list(self._complaints())
        if complaints:
            raise ValueError(f"{self!r}: {'; '.join(complaints)}")

    @property
    def input_length(self) -> int:
        """How many positions the inputs have.

        Recall hides the last token of its `length`, which is only ever a target. Fuzzy Recall pads to one more than
        `length` first, so it has `length` inputs, as have the tasks without next-token targets.
        """
        return self.length - 1 if self.task in ("Context Recall", "Noisy Recall") else self.length

    @property
    def label(self) -> str:
        """A short name that tells any two settings apart, such as "Context Recall V16 L128 n12800"."""
        extras = {
            "Fuzzy Recall": f" motif{self.motif}",
            "Noisy Recall": f" noise{self.noise} noisevocab{self.noise_vocab}",
            "Selective Copy": f" copies{self.copies}",
        }
        return f"{self.task} V{self.vocab} L{self.length} n{self.train_examples}{extras.get(self.task, '')}"

    def _complaints(self) -> Iterator[str]:
        if self.task not in TASKS:
            yield f"there is no task {self.task!r}: choose one of {', '.join(TASKS)}"
            return
        if self.train_examples < 1:
            yield "train_examples must be at least 1"
        yield from self._foreign_options()
        match self.task:
            case "Compress":
                yield from self._too_small(vocab=2, length=2)
            case "Context Recall":
                yield from self._too_small(vocab=2, length=4)
                yield from self._odd_length()
            case "Fuzzy Recall":
                yield from self._fuzzy()
            case "Memorize":
                yield from self._too_small(vocab=3, length=2)
                yield from self._odd_length()
            case "Noisy Recall":
                yield from self._noisy()
            case "Selective Copy":
                yield from self._selective_copy()

    def _foreign_options(self) -> Iterator[str]:
        """An option that the task would not read is a mistake, not a preference."""
        if self.task != "Noisy Recall" and (self.noise or self.noise_vocab):
            yield "noise and noise_vocab belong to Noisy Recall: leave them at 0"
        if self.task != "Selective Copy" and self.copies:
            yield "copies belongs to Selective Copy: leave it at 0"
        if self.task != "Fuzzy Recall" and self.motif != 1:
            yield "motif belongs to Fuzzy Recall: leave it at 1"

    def _too_small(self, *, vocab: int, length: int) -> Iterator[str]:
        if self.vocab < vocab:
            yield f"vocab must be at least {vocab}"
        if self.length < length:
            yield f"length must be at least {length}"

    def _odd_length(self) -> Iterator[str]:
        if self.length % 2:
            yield f"the sequence is made of pairs: make length even, such as {self.length + 1}"

    def _fuzzy(self) -> Iterator[str]:
        if self.motif not in (1, 2, 3):
            yield "motif must be 1, 2 or 3"
            return
        # A motif repeats no token, so each half of the V - 1 ordinary tokens must hold the longest one; the length
        # must hold the longest probe twice, and one more pair must fit beside it.
        yield from self._too_small(vocab=2 * self.motif + 1, length=4 * self.motif + 1)

    def _noisy(self) -> Iterator[str]:
        if not 0 <= self.noise < 1:
            yield "noise must be at least 0 and below 1"
        if self.noise_vocab < 1:
            yield "noise_vocab must be at least 1 (16 in MAD)"
        yield from self._too_small(vocab=self.noise_vocab + 2, length=4)
        yield from self._odd_length()

    def _selective_copy(self) -> Iterator[str]:
        if self.copies < 1:
            yield "copies must be at least 1"
        yield from self._too_small(vocab=3, length=2 * self.copies + 1)
