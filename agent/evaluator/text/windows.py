"""Windows of a text: read from its files by the parent, and written down for the processes that train.

A window of length T is T + 1 bytes: T inputs, and of each the byte that follows. Within a split its files stand end to
end, and a window may reach from one into the next. A text of any size is never in memory as a whole.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from agent.core.errors import UsageError
from agent.evaluator.tasks.draw import chance_of
from agent.evaluator.tasks.task import Examples, Setting, Split
from agent.evaluator.text.source import Document, TextSplits

BYTES_AT_ONCE = 1 << 24  # that are read before they are written down


class TextReader:
    """Reads windows from the files of a text, for the parent alone: no worker sees a byte of the test's."""

    def __init__(self, text: TextSplits) -> None:
        self.text = text

    def examples(self, setting: Setting, count: int, split: Split, seed: int) -> Examples:
        """(count, T) inputs and targets, int64."""
        return as_examples(self.windows(split, setting.length, self.places(split, setting.length, count, seed)))

    def places(self, split: Split, length: int, count: int, seed: int) -> list[int]:
        """Where the windows begin: at random, by the seed, for training; else evenly over the whole split.

        So every variant and every seed is validated and tested on the same windows, and they are compared in pairs.
        """
        last = self.text.size(split) - length - 1
        if last < 0:
            raise UsageError(f"{self.text.corpus.name}: too little text for windows of {length:,} bytes")
        if split != "train":
            return [place * last // max(1, count - 1) for place in range(count)]
        found: list[int] = torch.randint(last + 1, (count,), generator=chance_of(f"text, seed {seed}", "cpu")).tolist()
        return found

    def windows(self, split: Split, length: int, places: Sequence[int]) -> Tensor:
        """(N, T + 1) uint8."""
        documents = self.text.splits[split]
        ends = list(accumulate(document.size for document in documents))
        raw = bytearray(len(places) * (length + 1))
        with _Files() as files:
            for row in sorted(range(len(places)), key=places.__getitem__):  # each file is opened once
                at, filled = places[row], 0
                while filled < length + 1:
                    which = bisect_right(ends, at)
                    document = documents[which]
                    within = at - (ends[which] - document.size)
                    part = files.read(document, within, length + 1 - filled)
                    first = row * (length + 1) + filled
                    raw[first : first + len(part)] = part
                    filled, at = filled + len(part), at + len(part)
        return torch.frombuffer(raw, dtype=torch.uint8).view(len(places), length + 1)

    def write(self, folder: Path, setting: Setting, seeds: Sequence[int], validations: int, rows: int) -> list[Path]:
        """Leave in a folder what the training of these seeds needs: each one's windows, the first `rows` of them."""
        written = []
        for seed in seeds:
            places = self.places("train", setting.length, setting.train_examples, seed)[:rows]
            written.append(_training_file(folder, setting, seed))
            with written[-1].open("xb") as file:
                for part in _parts(places, setting.length):
                    file.write(self.windows("train", setting.length, part).numpy().tobytes())
        written.append(_validation_file(folder, setting))
        places = self.places("validation", setting.length, validations, 0)
        written[-1].write_bytes(self.windows("validation", setting.length, places).numpy().tobytes())
        return written


class WrittenText:
    """What `TextReader.write` left in a folder, for a process that trains."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def examples(self, setting: Setting, count: int, split: Split, seed: int) -> Examples:
        """The validation's (count, T) inputs and targets. ValueError for another split: none was written."""
        if split != "validation":
            raise ValueError(f"no examples of the {split} were left for a worker")
        return as_examples(_mapped(_validation_file(self.folder, setting), setting.length)[:count])

    def training(self, setting: Setting, seed: int) -> Tensor:
        """(N, T + 1) uint8, mapped from the file: only what is looked at is read."""
        return _mapped(_training_file(self.folder, setting, seed), setting.length)


def as_examples(windows: Tensor) -> Examples:
    """(..., T + 1) bytes -> inputs and the bytes that follow them, (..., T) int64 each."""
    wide = windows.long()
    return Examples(wide[..., :-1], wide[..., 1:])


def _training_file(folder: Path, setting: Setting, seed: int) -> Path:
    return folder / f"text-{setting.length}-{setting.train_examples}-seed-{seed}.bin"


def _validation_file(folder: Path, setting: Setting) -> Path:
    return folder / f"text-{setting.length}-validation.bin"


def _mapped(path: Path, length: int) -> Tensor:
    size = path.stat().st_size
    return torch.from_file(str(path), shared=False, size=size, dtype=torch.uint8).view(-1, length + 1)


def _parts(places: Sequence[int], length: int) -> Iterator[Sequence[int]]:
    at_once = max(1, BYTES_AT_ONCE // (length + 1))
    for start in range(0, len(places), at_once):
        yield places[start : start + at_once]


class _Files:
    """Files that are read in the order of a text, one of which is open."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.file: BinaryIO | None = None

    def __enter__(self) -> "_Files":
        return self

    def __exit__(self, *ended: object) -> None:
        if self.file is not None:
            self.file.close()

    def read(self, document: Document, start: int, most: int) -> bytes:
        """At most so many bytes of a document from `start` on. UsageError where its file has become shorter."""
        if self.file is None or self.path != document.path:
            if self.file is not None:
                self.file.close()
            self.path, self.file = document.path, document.path.open("rb")
        self.file.seek(document.start + start)
        found = self.file.read(min(most, document.size - start))
        if not found:
            raise UsageError(f"text: {document.path} was changed while it was read: begin again")
        return found
