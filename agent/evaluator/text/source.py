"""Which text a language model learns and is tested on, and which files of it are held out.

A text is a folder or a file. Its files are sorted into training, validation and test by a digest of their contents, so
that a file which is there twice lies in one of the three alone, and no name decides anything. A file that is more than
a twentieth of the text is cut into pieces, which are sorted in its place: a single file is held out in parts.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from agent.core.errors import UsageError
from agent.core.text_score import Corpus
from agent.evaluator.tasks.task import Split

HELD_OUT = 0.05  # of the bytes of a text, for the test; as many for validation
LARGEST_FILE = 1 / 20  # of a text, that stays whole
LARGEST_PIECE = 1 / 40
READ_AT_ONCE = 1 << 20  # bytes
LOOKED_AT = 1 << 13  # first bytes of a file: where there is a NUL among them, the file is no text


@dataclass(frozen=True)
class TextSource:
    """A text as a protocol names it: its path, empty for the default one, and its digest, empty where nobody looked."""

    path: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Document:
    """A file, or the bytes [start, stop) of one."""

    path: Path
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class TextSplits:
    """A text whose files were looked at: what it is, and the documents of each split, in the order of their paths."""

    corpus: Corpus
    splits: Mapping[Split, tuple[Document, ...]]

    def size(self, split: Split) -> int:
        """Bytes."""
        return sum(document.size for document in self.splits[split])


def read_source(source: TextSource, longest: int = 1) -> TextSplits:
    """Look at every file of a text. UsageError where there is none, too little of it, or another than was meant.

    longest: bytes of the longest window; each split must hold two of them.
    """
    root, name, pattern = _place(source.path)
    files = tuple(_files(root, pattern))
    text = _sorted(root, name, files)
    least = min(text.size(split) for split in ("validation", "test"))
    if least < 2 * longest:
        raise UsageError(
            f"{root}: {text.corpus.size:,} bytes of text are too few for windows of {longest:,}: "
            f"give at least {int(2 * longest / HELD_OUT):,}"
        )
    if source.digest not in ("", text.corpus.digest):
        raise UsageError(
            f"{root}: this is not the text that was meant ({text.corpus.digest}, not {source.digest}): "
            "put the same files there, or begin anew with these"
        )
    return text


def _place(path: str) -> tuple[Path, str, str]:
    """The folder or file, what it is called on a card, and which of its files are meant.

    The default is what every machine with this project has: the Python sources of the installed torch.
    """
    if path:
        root = Path(path).expanduser().resolve()
        if not root.exists():
            raise UsageError(f"text: there is neither a folder nor a file {path}")
        return root, str(root), "*"
    found = find_spec("torch")
    if found is None or found.origin is None:
        raise UsageError("text: torch is not installed, whose sources are the default text: give a folder or a file")
    return Path(found.origin).parent, f"the Python sources of torch {version('torch')}", "*.py"


def _files(root: Path, pattern: str) -> Iterator[tuple[Path, int, int]]:
    """Plain, visible files that are no binaries, with size and time, in the order of their paths."""
    for path in [root] if root.is_file() else sorted(root.rglob(pattern)):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if hidden or path.is_symlink() or not path.is_file():
            continue
        facts = path.stat()
        if facts.st_size and not _is_binary(path):
            yield path, facts.st_size, facts.st_mtime_ns


def _is_binary(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"\0" in file.read(LOOKED_AT)
    except OSError as error:
        raise UsageError(f"text: {path} cannot be read ({error.strerror})") from error


@lru_cache(maxsize=4)
def _sorted(root: Path, name: str, files: tuple[tuple[Path, int, int], ...]) -> TextSplits:
    """Read everything once, piece by piece. The times of the files are there for the cache to notice a change."""
    total = sum(size for _, size, _ in files)
    whole = hashlib.sha256()
    groups: dict[str, list[Document]] = {}
    for path, size, _ in files:
        for document in _cut(path, size, total):
            digest = _digest(document)
            groups.setdefault(digest, []).append(document)
            inside = path.name if path == root else path.relative_to(root).as_posix()
            whole.update(f"{inside}\0{document.start}\0{digest}\n".encode())
    splits = _share_out(groups, total)
    held_out = sum(document.size for document in splits["test"])
    return TextSplits(Corpus(name, whole.hexdigest()[:12], len(files), total, held_out), splits)


def _cut(path: Path, size: int, total: int) -> Iterator[Document]:
    piece = size if size <= LARGEST_FILE * total else max(1, int(LARGEST_PIECE * total))
    for start in range(0, size, piece):
        yield Document(path, start, min(size, start + piece))


def _digest(document: Document) -> str:
    found = hashlib.sha256()
    with document.path.open("rb") as file:
        file.seek(document.start)
        left = document.size
        while left and (part := file.read(min(left, READ_AT_ONCE))):
            found.update(part)
            left -= len(part)
    return found.hexdigest()


def _share_out(groups: Mapping[str, list[Document]], total: int) -> dict[Split, tuple[Document, ...]]:
    """By rising digest: the test until it has its share, then validation, and training has the rest."""
    wanted: dict[Split, float] = {"test": HELD_OUT * total, "validation": HELD_OUT * total, "train": float("inf")}
    splits: dict[Split, list[Document]] = {split: [] for split in wanted}
    for digest in sorted(groups):
        split = next(split for split, room in wanted.items() if room > 0)
        splits[split] += groups[digest]
        wanted[split] -= sum(document.size for document in groups[digest])
    return {
        split: tuple(sorted(documents, key=lambda each: (each.path, each.start))) for split, documents in splits.items()
    }
